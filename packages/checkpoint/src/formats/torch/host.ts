/**
 * What the pickles of PyTorch may name: the functions and classes of tensors and of Python's containers,
 * after the list of `torch.load(weights_only=True)`. Each has an answer here, which describes what
 * PyTorch would make. Any other name is refused by itself, for it is what the file would have run.
 */
import { invalid, quoted, unsupported } from '../../errors.js';
import { elementCount } from '../../values/sizes.js';
import { MAX_RATIO } from '../zip/archive.js';
import { Named, type PickleHost } from './machine.js';
import {
  Storage,
  storageTypes,
  Tensor,
  type TorchType,
  torchTypes,
  UnreadTensor,
} from './types.js';

export interface TorchHost extends PickleHost {
  /** Those named so far, whole: views of one have its key. */
  readonly storages: ReadonlyMap<string, Storage>;
}

const MAX_DIMENSIONS = 64;
/** Items of containers that are made of others, which a pickle may name again and again. */
const MAX_COPIES = 1 << 21;

export function torchHost(file: { readonly name: string; readonly byteLength: number }): TorchHost {
  const storages = new Map<string, Storage>();
  let copies = 0;
  const broken = (what: string): Error =>
    invalid(`the pickle in it is damaged: ${what}`, { file: file.name });

  /** `torch._utils._rebuild_tensor` */
  function tensorOf(args: readonly unknown[], named?: unknown): Tensor {
    const [storage, offset, shape, strides] = args;
    if (!(storage instanceof Storage)) throw broken('a tensor has no storage');
    if (!isShape(shape) || !isShape(strides) || shape.length !== strides.length) {
      throw broken('a tensor has no shape');
    }
    if (!isCount(offset)) throw broken('a tensor begins nowhere');
    const type = named === undefined ? storage.type : typeNamed(named);
    const count = elementCount(shape);
    const last = shape.reduce((sum, length, i) => sum + (length - 1) * strides[i]!, offset);
    if (count > 0 && (last + 1) * type.bytes > storage.end - storage.start) {
      throw broken(`a tensor [${shape}] is larger than what is stored of it`);
    }
    // Views that repeat what is stored could have any size.
    if (!(count * type.bytes <= MAX_RATIO * file.byteLength)) {
      throw broken(`a tensor is said to be [${shape}], in ${file.byteLength} bytes`);
    }
    return new Tensor(storage, type, offset, shape, strides);
  }

  function typeNamed(named: unknown): TorchType {
    const type = named instanceof Named ? torchTypes.get(named.name.slice(6)) : undefined;
    if (!type) throw broken('a tensor has no element type');
    return type;
  }

  /** @param flags of bits that negate or conjugate what is stored */
  function viewOf(args: readonly unknown[], named: unknown, flags: unknown): unknown {
    const tensor = tensorOf(args, named);
    const changes = flags instanceof Map && Boolean(flags.get('neg') || flags.get('conj'));
    return changes ? new UnreadTensor('a negated or conjugated view') : tensor;
  }

  function parameter([tensor]: readonly unknown[]): unknown {
    if (tensor instanceof Tensor || tensor instanceof UnreadTensor) return tensor;
    throw broken('a parameter has no tensor');
  }

  /** `torch._tensor._rebuild_from_type_v2`: the function that makes it, its class, and so on. */
  function tensorOfType([make, , args]: readonly unknown[]): unknown {
    if (make instanceof Named && make.call && makers.has(make.name) && Array.isArray(args)) {
      return make.call(args);
    }
    throw broken('a tensor is made of none');
  }

  function listOf(items: unknown): readonly unknown[] {
    if (!Array.isArray(items)) throw broken('a container is made of no list');
    copies += items.length;
    if (copies > MAX_COPIES) throw broken('it copies its containers over and over');
    return items;
  }

  /** As Python 2 wrote them: `OrderedDict([[key, value], ...])`. */
  function dictionary([items = []]: readonly unknown[]): unknown {
    return new Map(listOf(items).map((pair) => listOf(pair).slice(0, 2) as [unknown, unknown]));
  }

  const unread =
    (what: string) =>
    ([storage]: readonly unknown[]): unknown =>
      new UnreadTensor(storage instanceof Storage ? `${what} (${storage.type.name})` : what);

  const makers: ReadonlyMap<string, Call> = new Map<string, Call>([
    ['torch._utils._rebuild_tensor', (args) => tensorOf(args)],
    ['torch._utils._rebuild_tensor_v2', (args) => viewOf(args, undefined, args[6])],
    ['torch._utils._rebuild_tensor_v3', (args) => viewOf(args, args[6], args[7])],
    ['torch._utils._rebuild_parameter', parameter],
    ['torch._utils._rebuild_parameter_with_state', parameter],
    ['torch._utils._rebuild_qtensor', unread('a quantised tensor')],
    ['torch._utils._rebuild_sparse_tensor', unread('a sparse tensor')],
    ['torch._utils._rebuild_nested_tensor', unread('a nested tensor')],
    ['torch._utils._rebuild_meta_tensor_no_storage', unread('a tensor without values')],
    ['torch._utils._rebuild_wrapper_subclass', unread('a tensor of a class of its own')],
  ]);
  const others: ReadonlyMap<string, Call> = new Map<string, Call>([
    ['torch._tensor._rebuild_from_type_v2', tensorOfType],
    ['torch.nn.parameter.Parameter', parameter],
    ['torch.Size', ([lengths = Object.freeze([])]) => lengths],
    // Of no account for the values.
    ['torch.device', () => null],
    ['torch.serialization._get_layout', () => null],
    ['collections.OrderedDict', dictionary],
    ['collections.Counter', ([items = new Map()]) => items],
    ['builtins.set', ([items = []]) => new Set(listOf(items))],
    ['builtins.bytearray', ([bytes = new Uint8Array()]) => bytes],
    ['builtins.complex', () => null],
    // How Python 3 writes bytes for Python 2.
    ['_codecs.encode', ([text]) => text],
  ]);

  return {
    file: file.name,
    storages,
    named(module, name) {
      const full = `${module === '__builtin__' ? 'builtins' : module}.${name}`;
      const call = makers.get(full) ?? others.get(full);
      if (call) return new Named(full, call);
      if (symbol.test(full) || storageNamed(full)) return new Named(full);
      throw unsupported(
        `it asks Python to run ${quoted(full)}, and nothing but tensors is read from pickles; save the state dict alone, e.g. torch.save(model.state_dict(), path)`,
        { file: file.name },
      );
    },
    // ('storage', class, key, device, elements), and of old views (key, offset, elements).
    persistent(id) {
      const [kind, named, key, , elements, view = null] = Array.isArray(id) ? id : [];
      const type = named instanceof Named ? storageNamed(named.name) : undefined;
      if (kind !== 'storage' || !type || typeof key !== 'string' || !isCount(elements)) {
        throw broken('it refers to something that is no storage');
      }
      const whole = new Storage(key, type, 0, elements * type.bytes);
      const known = storages.get(key);
      if (known && known.end !== whole.end) {
        throw broken(`it gives storage ${quoted(key)} two sizes`);
      }
      if (!known) storages.set(key, whole);
      if (view === null) return whole;
      const [, offset, length] = Array.isArray(view) ? view : [];
      if (!isCount(offset) || !isCount(length) || offset + length > elements) {
        throw broken(`it refers to a part of storage ${quoted(key)} that is not there`);
      }
      return new Storage(key, type, offset * type.bytes, (offset + length) * type.bytes);
    },
  };
}

type Call = (args: readonly unknown[]) => unknown;

/** What stands for itself: element types, layouts, classes of tensors, kinds of quantisation. */
const symbol =
  /^torch\.(u?int\d+|bool|q?u?int\d+(x\d)?|b?float\d+(_\w+)?|complex\d+|strided|sparse_\w+|Tensor|nn\.parameter\.Buffer|per_(tensor|channel)_\w+)$/;

function storageNamed(name: string): TorchType | undefined {
  const [, storage] = /^torch\.(?:cuda\.|storage\.)?_?(\w+Storage)$/.exec(name) ?? [];
  return storage === undefined ? undefined : storageTypes.get(storage);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_DIMENSIONS && value.every(isCount);
}
