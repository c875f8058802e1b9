/** Python reads what is written for it as the same data, whatever the names of a model are. */
import { hostile, projectionAllocation } from '@alphalora/documents/testing';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { filesOf } from '../test-support/exported.js';
import { pythonOf } from './python.js';

const program = `
import ast
def answer(text):
    if not text.startswith('#'): return ast.literal_eval(text)
    # Comments end with their lines, so that nothing but these statements is in the file.
    tree = ast.parse(text)
    compile(tree, 'lora.py', 'exec')
    [found] = [node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == 'LORA']
    return [ast.literal_eval(found.value), [type(node).__name__ for node in tree.body]]
`;

describeUnless(pythonLacks('json'), 'Python', () => {
  const ask = startPython<string, unknown>(program);

  it('reads every kind of value', async () => {
    const data = {
      'a "quoted" \\ name': [true, false, null, 1.5, -3e-7],
      "it's\u2028\n\t\u0000\u007f": { nested: [[], {}], '\u{1f600}': 'half \ud800' },
    };
    expect(await ask(pythonOf(data))).toEqual(data);
  });

  it.each([
    ['trl', ['ImportFrom', 'Assign', 'FunctionDef', 'ClassDef', 'FunctionDef', 'If']],
    ['unsloth', ['Assign', 'FunctionDef']],
    ['ms-swift', ['ImportFrom', 'ImportFrom', 'ImportFrom', 'Assign', 'ClassDef', 'Assign']],
  ])('reads hostile names in the file for %s as PEFT does in its JSON', async (format, body) => {
    const allocation = projectionAllocation(
      'rank',
      hostile.map((name, i) => [name, 0, 1 + (i % 3)]),
    );
    const json = (await filesOf(allocation, 'peft')) as Record<string, string>;
    const { peft_type, base_model_name_or_path, task_type, ...config } = JSON.parse(
      json['adapter_config.json']!,
    );
    const [text] = Object.values((await filesOf(allocation, format)) as Record<string, string>);
    const [found, statements] = (await ask(text!)) as [Record<string, unknown>, string[]];
    const own = format === 'unsloth' ? { target_parameters: [] } : { task_type };
    expect(found).toEqual({ ...config, ...own });
    expect(Object.keys(config.rank_pattern as object).length).toBeGreaterThan(3);
    expect(statements).toEqual(body);
  });
});
