/** What of the compiled code there is on this machine. */
import type { Lack } from '@alphalora/testing/lacking';
import { type InstructionSet, loadBinding } from '../binding.js';

/** Why there is none, in the engine's words. */
export const nativeLacks: Lack = reason();

export function setsHere(): InstructionSet[] {
  return nativeLacks === undefined ? loadBinding().instructionSets() : [];
}

function reason(): Lack {
  try {
    loadBinding();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
