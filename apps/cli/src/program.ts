/**
 * The command line: a line for each command, with its options and the code behind it, which is loaded
 * when it is called, so that `--help` stays quick.
 */
import { Command, type OptionValues } from '@commander-js/extra-typings';
import { adapterCompress } from './commands/adapter/compress/command.js';
import { adapterConvert } from './commands/adapter/convert/command.js';
import { adapterInspect } from './commands/adapter/inspect/command.js';
import { adapterMerge } from './commands/adapter/merge/command.js';
import { adapterVerify } from './commands/adapter/verify/command.js';
import { allocate } from './commands/allocate/command.js';
import { analyze } from './commands/analyze/command.js';
import { calibrate } from './commands/calibrate/command.js';
import { compare } from './commands/compare/command.js';
import { completion } from './commands/completion/command.js';
import { doctor } from './commands/doctor/command.js';
import { embed } from './commands/embed/command.js';
import { evaluate } from './commands/evaluate/command.js';
import { exportCommand } from './commands/export/command.js';
import { generate } from './commands/generate/command.js';
import { inspect } from './commands/inspect/command.js';
import { merge } from './commands/merge/command.js';
import { plan } from './commands/plan/command.js';
import { policyCheck } from './commands/policy/check/command.js';
import { policyInfo } from './commands/policy/info/command.js';
import { policyList } from './commands/policy/list/command.js';
import { policyNew } from './commands/policy/new/command.js';
import { queueStatus } from './commands/queue/status/command.js';
import { report } from './commands/report/command.js';
import { schema } from './commands/schema/command.js';
import { train } from './commands/train/command.js';
import { worker } from './commands/worker/command.js';
import type { ExitCode, Io } from './io.js';
import { commandGroups, examples } from './options/help.js';
import { requireUntaken, takenByOption } from './options/variadic.js';
import { printable, tell } from './output/printable.js';
import type { PluginOptions } from './plugins/index.js';
import { toolVersion } from './version.js';

export function createProgram(io: Io, finish: (code: ExitCode) => void): Command {
  const program = new Command('alphalora')
    .description('How many LoRA experts does each layer of a model need? Reads it off the weights.')
    .version(toolVersion(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', examples(['plan --demo', 'plan path/to/model --total 160 -o plan']))
    .showHelpAfterError('(--help lists the options)')
    .exitOverride()
    .hook('preAction', (_, command) => requireUntaken(command))
    .hook('preAction', async (_, command) => {
      const { output, ...options } = command.opts();
      if (typeof output !== 'string') return;
      const named = [...command.args, ...Object.values(options).flat()];
      await (await import('./files/write.js')).protectInputs(
        output,
        named.filter((value) => typeof value === 'string'),
      );
    })
    .hook('preAction', async (_, command) => {
      const options: OptionValues = command.opts();
      if (options['policyTimeout'] === undefined) return;
      const { preparePlugins } = await import('./plugins/prepare.js');
      await preparePlugins(
        {
          name: command.name(),
          args: command.args,
          options: options as OptionValues & PluginOptions,
          rename: (option, value) => void command.setOptionValue(option, value),
        },
        io,
      );
    })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // What was typed stays on its line; a suggestion has one of its own.
      outputError: (text, write) => {
        const lines = text.trimEnd().split(/\n(?=\(Did you mean )/);
        write(`${lines.map(printable).join('\n')}\n`);
      },
    });
  const add = adder(program, io, finish);
  program.commandsGroup(commandGroups.allocate);
  add(inspect(), () => import('./commands/inspect/run.js'));
  add(analyze(), () => import('./commands/analyze/run.js'));
  add(allocate(), () => import('./commands/allocate/run.js'));
  add(plan(), () => import('./commands/plan/run.js'));
  add(merge(), () => import('./commands/merge/run.js'));
  program.commandsGroup(commandGroups.view);
  add(report(), () => import('./commands/report/run.js'));
  add(compare(), () => import('./commands/compare/run.js'));
  add(exportCommand(), () => import('./commands/export/run.js'));
  program.commandsGroup(commandGroups.train);
  add(train(), () => import('./commands/train/run.js'));
  add(calibrate(), () => import('./commands/calibrate/run.js'));
  add(evaluate(), () => import('./commands/evaluate/run.js'));
  add(generate(), () => import('./commands/generate/run.js'));
  add(embed(), () => import('./commands/embed/run.js'));
  const adapter = program.command('adapter').description('work on trained adapters');
  adapter.addHelpText(
    'after',
    examples(['adapter inspect my-lora', 'adapter verify my-lora allocation.json']),
  );
  const addToAdapter = adder(adapter, io, finish);
  addToAdapter(adapterInspect(), () => import('./commands/adapter/inspect/run.js'));
  addToAdapter(adapterVerify(), () => import('./commands/adapter/verify/run.js'));
  addToAdapter(adapterMerge(), () => import('./commands/adapter/merge/run.js'));
  addToAdapter(adapterCompress(), () => import('./commands/adapter/compress/run.js'));
  addToAdapter(adapterConvert(), () => import('./commands/adapter/convert/run.js'));
  program.commandsGroup(commandGroups.extend);
  const policy = program.command('policy').description('list, show, write and check policies');
  policy.addHelpText('after', examples(['policy list', 'policy info alphalora']));
  const addToPolicy = adder(policy, io, finish);
  addToPolicy(policyList(), () => import('./commands/policy/list/run.js'));
  addToPolicy(policyInfo(), () => import('./commands/policy/info/run.js'));
  addToPolicy(policyNew(), () => import('./commands/policy/new/run.js'));
  addToPolicy(policyCheck(), () => import('./commands/policy/check/run.js'));
  add(schema(), () => import('./commands/schema/run.js'));
  program.commandsGroup(commandGroups.machine);
  add(worker(), () => import('./commands/worker/run.js'));
  const queue = program.command('queue').description('look at the queue of a distributed run');
  queue.addHelpText(
    'after',
    examples(['queue status redis://host/run', 'queue status redis://host/run --json']),
  );
  const addToQueue = adder(queue, io, finish);
  addToQueue(queueStatus(), () => import('./commands/queue/status/run.js'));
  add(doctor(), () => import('./commands/doctor/run.js'));
  add(completion(), async () => (await import('./commands/completion/run.js')).codeFor(program));
  program.helpCommand('help [command]', 'show the help of a command');
  return program;
}

/** The code of a command. Its parameters are those that the declaration leads to. */
interface Code<Args extends unknown[], Options> {
  run(...given: [...Args, Options, Io]): ExitCode | Promise<ExitCode>;
}

/** Gives a program, or a command with commands of its own, further ones. */
function adder(parent: Command, io: Io, finish: (code: ExitCode) => void) {
  return <Args extends unknown[], Options extends OptionValues>(
    declared: Command<Args, Options>,
    load: () => Promise<Code<Args, NoInfer<Options>>>,
  ): void => {
    declared.copyInheritedSettings(parent).exitOverride((error) => {
      const isMissing = error.code === 'commander.missingArgument';
      const taken = isMissing ? takenByOption(declared) : undefined;
      if (taken !== undefined) tell(io.stderr, taken);
      throw error;
    });
    declared.action(async (...given) => {
      const { run } = await load();
      const [...parameters] = given.slice(0, -1) as [...Args, Options];
      finish(await run(...parameters, io));
    });
    parent.addCommand(declared);
  };
}
