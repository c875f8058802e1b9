/** The element types of PyTorch, by their names there, and what pickles say of tensors. */
import type { ByteSource, DType } from '@alphalora/contracts/weights';

export interface TorchType {
  /** As `torch.<name>`. */
  readonly name: string;
  /** Of an element. */
  readonly bytes: number;
  /** Absent for what is not decoded. */
  readonly dtype?: DType;
}

const type = (name: string, bytes: number, dtype?: DType): [string, TorchType] => [
  name,
  { name, bytes, ...(dtype && { dtype }) },
];

export const torchTypes: ReadonlyMap<string, TorchType> = new Map([
  type('float64', 8, 'F64'),
  type('float32', 4, 'F32'),
  type('float16', 2, 'F16'),
  type('bfloat16', 2, 'BF16'),
  type('float8_e4m3fn', 1, 'F8_E4M3'),
  type('float8_e5m2', 1, 'F8_E5M2'),
  type('float8_e4m3fnuz', 1, 'F8_E4M3FNUZ'),
  type('float8_e5m2fnuz', 1, 'F8_E5M2FNUZ'),
  type('float8_e8m0fnu', 1, 'F8_E8M0'),
  type('int64', 8, 'I64'),
  type('int32', 4, 'I32'),
  type('int16', 2, 'I16'),
  type('int8', 1, 'I8'),
  type('uint64', 8, 'U64'),
  type('uint32', 4, 'U32'),
  type('uint16', 2, 'U16'),
  type('uint8', 1, 'U8'),
  type('bool', 1, 'BOOL'),
  type('float4_e2m1fn_x2', 1),
  type('complex32', 4),
  type('complex64', 8, 'C64'),
  type('complex128', 16),
  type('quint8', 1),
  type('qint8', 1),
  type('qint32', 4),
  type('quint4x2', 1),
  type('quint2x4', 1),
]);

/** Classes of storages, by their names in `torch`; of bytes, the tensors say what they are. */
export const storageTypes: ReadonlyMap<string, TorchType> = new Map(
  Object.entries({
    DoubleStorage: 'float64',
    FloatStorage: 'float32',
    HalfStorage: 'float16',
    BFloat16Storage: 'bfloat16',
    LongStorage: 'int64',
    IntStorage: 'int32',
    ShortStorage: 'int16',
    CharStorage: 'int8',
    ByteStorage: 'uint8',
    BoolStorage: 'bool',
    UntypedStorage: 'uint8',
    ComplexFloatStorage: 'complex64',
    ComplexDoubleStorage: 'complex128',
    QUInt8Storage: 'quint8',
    QInt8Storage: 'qint8',
    QInt32Storage: 'qint32',
    QUInt4x2Storage: 'quint4x2',
    QUInt2x4Storage: 'quint2x4',
  }).map(([storage, name]) => [storage, torchTypes.get(name)!]),
);

/** Bytes that tensors are views of; of a view of a storage, as old files have them, a part. */
export class Storage {
  /** Stands for the bytes in the file. */
  readonly key: string;
  readonly type: TorchType;
  /** First byte, and the one after the last, of those that the key stands for. */
  readonly start: number;
  readonly end: number;

  constructor(key: string, type: TorchType, start: number, end: number) {
    this.key = key;
    this.type = type;
    this.start = start;
    this.end = end;
  }
}

/** A view of a storage: as stored, nothing of it has been read. */
export class Tensor {
  readonly storage: Storage;
  readonly type: TorchType;
  /** In elements, of the storage; of the first element. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** In elements. */
  readonly strides: readonly number[];

  constructor(
    storage: Storage,
    type: TorchType,
    offset: number,
    shape: readonly number[],
    strides: readonly number[],
  ) {
    this.storage = storage;
    this.type = type;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** A tensor of a kind that is not read; a checkpoint may well hold some that nobody asks for. */
export class UnreadTensor {
  /** Which kind, such as `a sparse tensor`. */
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

/** What the two containers have in common. */
export interface TorchFile {
  /** What was pickled. */
  readonly root: unknown;
  /** The bytes of a storage, and where they lie, to compare. */
  storage(key: string): { readonly source: ByteSource; readonly offset: number };
}
