/** Against PEFT's rule, said again: a list's entry is the name of a module or its end behind a dot. */
import { describe, expect, it } from 'vitest';
import type { LoraTarget } from './modules.js';
import { distinctNames, matches, targetNames } from './names.js';

interface Model {
  wanted: readonly string[];
  /** In the allocation, with rank 0. */
  without?: readonly string[];
  /** As an allocation says them. */
  others?: readonly string[];
  architecture?: string;
}

const target =
  (rank: number) =>
  (path: string): LoraTarget => {
    const [, before = '', name = path] =
      /^(.*?)\.?((?:layers|layer|block|blocks|h)\.\d+\..*)$/.exec(path) ?? [];
    return {
      ...{ name, rank, before: before === '' ? [] : before.split('.') },
      ...{
        parameter: /experts\.\w+$/.test(name),
        block: 0,
        role: '',
        cost: 1,
        side: 1,
        matrices: [],
      },
    };
  };

function chosen({ wanted, without = [], others, architecture = 'AnyForCausalLM' }: Model) {
  const targets = [...wanted.map(target(8)), ...without.map(target(0))];
  const model = { source: 'x', architecture, ...(others && { others: [...others] }) };
  const named = distinctNames(targets, model);
  return targetNames(named, model);
}

/** The modules of a model in memory that PEFT would adapt. */
function adapted(found: ReturnType<typeof chosen>, modules: readonly string[]): string[] {
  return modules.filter(
    (module) =>
      !(found.exclude !== undefined && matches(found.exclude, module)) &&
      found.modules.some((entry) => module === entry || module.endsWith(`.${entry}`)),
  );
}

const roles = ['self_attn.q_proj', 'self_attn.o_proj', 'mlp.down_proj'];
const blocks = (prefix: string, paths = roles, count = 2): string[] =>
  Array.from({ length: count }, (_, i) => paths.map((path) => `${prefix}.${i}.${path}`)).flat();

describe('the names of targets', () => {
  it('are the ends of names where all blocks are adapted', () => {
    const found = chosen({
      wanted: blocks('model.layers'),
      others: ['model.embed_tokens.weight', 'lm_head.weight'],
    });
    expect(found).toEqual({ modules: ['q_proj', 'o_proj', 'down_proj'], parameters: [] });
  });

  it('are written out for the roles that some blocks go without', () => {
    const [first, ...rest] = blocks('model.layers');
    const found = chosen({ wanted: rest, without: [first!], others: ['lm_head.weight'] });
    expect(found.modules).toEqual(['o_proj', 'down_proj', 'layers.1.self_attn.q_proj']);
    expect(adapted(found, blocks('model.layers'))).toEqual(rest);
  });

  it('are written out in full where nothing is known of the rest of the model', () => {
    expect(chosen({ wanted: blocks('model.layers', ['mlp.up_proj']) }).modules).toEqual([
      'model.layers.0.mlp.up_proj',
      'model.layers.1.mlp.up_proj',
    ]);
  });

  it('are longer where others end alike, and never the name of what has modules in it', () => {
    const bert = ['attention.output.dense', 'output.dense', 'attention.self.query'];
    const found = chosen({
      wanted: blocks('encoder.layer', bert),
      others: ['pooler.dense.weight'],
    });
    expect(found.modules).toEqual(['output.dense', 'query']);
    const rwkv = chosen({
      wanted: [...blocks('blocks', ['attention.output']), 'blocks.0.output.dense'],
      others: ['head.weight'],
    });
    expect(rwkv.modules).toEqual(['attention.output', 'dense']);
  });

  it.each([
    ['model.vision_tower.vision_model.encoder.layers', 'language_model.model.layers'],
    ['visual.layers', 'model.layers'],
    ['audio_tower.layers', 'language_model.model.layers'],
    ['talker.model.layers', 'thinker.model.layers'],
  ])('leave alone what ends alike in %s', (tower, text) => {
    const others = [...blocks(tower)].map((name) => `${name.replace(/\d+/, '*')}.weight`);
    const found = chosen({ wanted: blocks(text), others });
    expect(found.modules).toEqual(['q_proj', 'o_proj', 'down_proj']);
    // As on disk, and under what else versions call them.
    for (const [there, beside] of [
      [text, tower],
      ['model.language_model.layers', tower],
      ['model.language_model.layers', `model.${tower}`],
    ] as const) {
      const modules = [...blocks(there), ...blocks(beside), 'lm_head'];
      expect(adapted(found, modules)).toEqual(blocks(there));
    }
  });

  it('are longer where the module is called otherwise on disk', () => {
    const matrices = [{ module: 'decoder.layers.0.linear1' } as LoraTarget['matrices'][number]];
    const renamed = { ...target(8)('layers.0.mlp.fc1'), matrices };
    const model = { source: 'x', others: ['lm_head.weight'] };
    expect(targetNames([renamed], model).modules).toEqual(['mlp.fc1']);
  });

  it('leave alone what another list may be called by its kind', () => {
    const others = ['perception.layers.*.self_attn.q_proj.weight'];
    const found = chosen({ wanted: blocks('model.layers'), others });
    const modules = [...blocks('model.layers'), ...blocks('model.audio_tower.layers')];
    expect(adapted(found, modules)).toEqual(blocks('model.layers'));
  });

  it('leave alone towers whose modules are called otherwise on disk', () => {
    const others = ['vision_tower.blocks.*.wqkv.weight', 'model.embed_tokens.weight'];
    const found = chosen({ wanted: blocks('model.layers'), others });
    const modules = [...blocks('model.layers'), 'vision_tower.layers.0.self_attn.q_proj'];
    expect(adapted(found, modules)).toEqual(blocks('model.layers'));
  });

  it('are written out for parameters that a tower has, too, which no expression keeps out', () => {
    const found = chosen({
      wanted: blocks('model.layers', ['mlp.experts.down_proj']),
      others: ['visual.blocks.*.mlp.experts.down_proj'],
    });
    expect(found.parameters).toEqual([
      'layers.0.mlp.experts.down_proj',
      'layers.1.mlp.experts.down_proj',
    ]);
  });

  it('leave alone the text model beside a tower', () => {
    const others = blocks('model.layers').map((name) => `${name.replace(/\d+/, '*')}.weight`);
    const found = chosen({ wanted: blocks('visual.blocks'), others });
    const modules = [...blocks('model.language_model.layers'), ...blocks('model.visual.layers')];
    expect(adapted(found, modules)).toEqual(blocks('model.visual.layers'));
  });

  it('of parameters have two parts at least, and hit no module', () => {
    const found = chosen({
      wanted: blocks('model.layers', ['mlp.experts.down_proj', 'self_attn.down_proj']),
      others: ['model.layers.*.mlp.router.weight'],
    });
    expect(found).toEqual({ modules: ['down_proj'], parameters: ['experts.down_proj'] });
  });

  it('tell a list of blocks from lists of its name inside of others', () => {
    const wanted = ['encoder.layer.2.expand', 'encoder.layer.3.transformer.layer.2.query'];
    const targets = wanted.map(
      (path): LoraTarget => ({
        ...target(1)(path),
        ...{ name: path.slice('encoder.'.length), before: ['encoder'] },
      }),
    );
    const named = distinctNames(targets, { source: 'x', others: [] });
    expect(named.map(({ name }) => name)).toEqual(wanted);
  });

  it('tell the halves of an encoder-decoder apart where they must', () => {
    const wanted = [...blocks('encoder.block'), ...blocks('decoder.block').slice(1)];
    const found = chosen({ wanted, without: ['decoder.block.0.self_attn.q_proj'], others: [] });
    const all = [...blocks('encoder.block'), ...blocks('decoder.block')];
    expect(adapted(found, all)).toEqual(wanted);
  });
});
