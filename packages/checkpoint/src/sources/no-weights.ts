/** Why a folder that has no weights is refused: by the names of what it has instead. */
import { type AlphaLoraError, errorIn } from '@alphalora/contracts';
import { unsupported } from '../errors.js';
import { conversion, foreignName } from '../formats/foreign.js';
import { anyExtension, formatOfName, ofTraining } from '../formats/names.js';

/** What programs that download call a file until all of it is there. */
const unfinished = /\.(incomplete|part|partial|crdownload|download|tmp)$/;

/** @returns `UNSUPPORTED_CHECKPOINT` for weights in a format that is not read, else `NOT_FOUND` */
export function noWeights(folder: string, names: readonly string[]): AlphaLoraError {
  const other = names.find((each) => foreignName.test(each));
  if (other !== undefined) {
    return unsupported(`it holds ${other} but no safetensors file; ${conversion}`, {
      file: folder,
    });
  }
  if (names.includes('.metadata') && names.some((each) => each.endsWith('.distcp'))) {
    return unsupported(
      'it is a checkpoint of torch.distributed (.distcp); convert it to one file: python -m torch.distributed.checkpoint.format_utils dcp_to_torch <folder> model.pt',
      { file: folder },
    );
  }
  return errorIn('NOT_FOUND', folder, missing(names));
}

function missing(names: readonly string[]): string {
  const cut = names.find(
    (each) => unfinished.test(each) && formatOfName(each.replace(unfinished, '')) !== undefined,
  );
  if (cut !== undefined) {
    return `it holds only ${cut}, a download that was not finished: download the file again`;
  }
  const left = names.find((each) => ofTraining.test(each));
  if (left !== undefined) {
    return `it holds ${left}, which is the state of a training, and no weights; save the model beside it, e.g. in Python: model.save_pretrained(folder), or give the folder of the model`;
  }
  return `no ${anyExtension()} file; give the file or folder of the model's weights`;
}
