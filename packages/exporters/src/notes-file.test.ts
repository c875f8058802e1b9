import { llamaLike, projectionAllocation } from '@alphalora/documents/testing';
import { expect, it } from 'vitest';
import { exportDocument } from './export.js';
import { notesFile } from './notes-file.js';

const experts = projectionAllocation('experts', llamaLike);

it('has a line for each note beside JSON, which has no comments', async () => {
  const exported = await exportDocument(experts, 'peft');
  const file = notesFile(exported)!;
  expect(file.name).toBe('adapter_config.notes.txt');
  expect(file.text!.split('\n')).toEqual([...exported.notes, '']);
  expect(file.text).toMatch(/^peft has no experts: /);
});

it.each(['trl', 'unsloth', 'ms-swift'])('is not needed beside the comments for %s', async (to) => {
  const exported = await exportDocument(experts, to);
  expect(exported.notes).not.toEqual([]);
  expect(notesFile(exported)!.text).toBeUndefined();
});

it('is not for a file without a name of its own', async () => {
  expect(notesFile(await exportDocument(experts, 'axolotl'))).toBeUndefined();
});

it('is one line for a note, whatever it quotes', () => {
  const file = notesFile({ files: { 'a.json': '{}\n' }, notes: ['has \u001b[31m and \n'] });
  expect(file!.text).toBe('has \\x1b[31m and \\n\n');
});
