import { isAlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  type Code,
  call,
  dict,
  int,
  list,
  named,
  pickle,
  tensor,
  text,
  tuple,
  uint32,
} from '../../test-support/pickles.js';
import { torchHost } from './host.js';
import { unpickle } from './pickle.js';
import { Storage, Tensor, UnreadTensor } from './types.js';

const host = () => torchHost({ name: 'model.bin', byteLength: 1000 });
const built = (bytes: Uint8Array): unknown => unpickle(bytes, 0, host())!.value;

describe('unpickle builds', () => {
  // As Python 3 writes them: pickle.dumps(value, protocol).hex()
  it.each<[string, string, unknown]>([
    ['None', '80024e2e', null],
    ['booleans', '80025d7100288889652e', [true, false]],
    ['integers', '8005950d000000000000004b014d00014affffffff87942e', [1, 256, -1]],
    ['a long integer', '80028a060000000000802e', -(2 ** 47)],
    ['a very long integer', '80028a090000000000000000402e', 2n ** 70n],
    ['a float', '800247bff80000000000002e', -1.5],
    ['a text', '80025803000000c3a96171002e', 'éa'],
    ['a short text', '80049506000000000000008c02c3a9942e', 'é'],
    ['bytes', '8003430200ff71002e', Uint8Array.of(0, 255)],
    ['a list', '80025d7100284b014b02652e', [1, 2]],
    ['a dictionary', '80027d710058010000006171014b01732e', new Map([['a', 1]])],
    ['a set', '80049509000000000000008f94284b014b02902e', new Set([1, 2])],
    [
      'a set of protocol 2',
      '8002635f5f6275696c74696e5f5f0a7365740a71005d71014b01618571025271032e',
      new Set([1]),
    ],
  ])('%s', (_, hex, value) => {
    expect(built(Uint8Array.from(Buffer.from(hex, 'hex')))).toEqual(value);
  });

  it('what contains itself', () => {
    const [itself] = built(bytesOf('\x80\x02]q\x00h\x00a.')) as unknown[];
    expect((itself as unknown[])[0]).toBe(itself);
  });

  it('one object for each that is remembered', () => {
    const [a, b] = built(pickle(`(}q\x01h\x01t`)) as unknown[];
    expect(a).toBe(b);
  });

  it('dictionaries with an order and attributes, also as Python 2 wrote them', () => {
    const old = call('collections', 'OrderedDict', list(list(text('a'), int(1))));
    expect(built(pickle(`${old}}b`))).toEqual(new Map([['a', 1]]));
  });

  it('tensors as views, of which nothing is read', () => {
    const view = built(pickle(tensor([2, 3], { stored: 9, offset: 1, strides: [1, 2] })));
    expect(view).toBeInstanceOf(Tensor);
    expect(view).toMatchObject({
      offset: 1,
      shape: [2, 3],
      strides: [1, 2],
      type: { dtype: 'F32' },
    });
    expect((view as Tensor).storage).toEqual(new Storage('0', (view as Tensor).type, 0, 36));
  });

  it('nothing of tensors that are not read', () => {
    const quantised = call('torch._utils', '_rebuild_qtensor');
    expect(built(pickle(quantised))).toEqual(new UnreadTensor('a quantised tensor'));
  });

  it('the first of several pickles, and says where the next begins', () => {
    const bytes = bytesOf('\x80\x02N.\x80\x02\x88.');
    expect(unpickle(bytes, 0, host())).toEqual({ value: null, end: 4 });
    expect(unpickle(bytes, 4, host())).toEqual({ value: true, end: 8 });
  });
});

const reduce = (module: string, name: string, argument: Code): Code =>
  `${named(module, name)}${argument}\x85R`;

describe('unpickle refuses', () => {
  it.each<[string, Code, string]>([
    ['a command', reduce('posix', 'system', text('id')), 'posix.system'],
    ['a command of Python 2', reduce('os', 'system', text('id')), 'os.system'],
    ['a name on the stack', `${text('builtins')}${text('eval')}\x93`, 'builtins.eval'],
    ['what is never called', named('subprocess', 'Popen'), 'subprocess.Popen'],
    ['functions of torch that load', named('torch', 'load'), 'torch.load'],
    [
      'attributes of what is known',
      named('torch._utils', '_rebuild_tensor_v2.__globals__'),
      '_rebuild_tensor_v2.__globals__',
    ],
    ['properties of every object', named('toString', 'constructor'), 'toString.constructor'],
    ['the prototype of every object', named('__proto__', '__proto__'), '__proto__.__proto__'],
    [
      'models that are pickled whole',
      named('transformers.models', 'BertModel'),
      'transformers.models.BertModel',
    ],
  ])('%s by its name', (_, code, name) => {
    const error = errorOf(pickle(code));
    expect(isAlphaLoraError(error, 'UNSUPPORTED_CHECKPOINT')).toBe(true);
    expect(error.message).toMatch(/^model\.bin: it asks Python to run "/);
    expect(error.message).toContain(name);
  });

  it.each<[string, Code, RegExp]>([
    ['old instructions', 'I1\n', /has the instruction INT/],
    ['objects by their class', `(${named('torch', 'Size')}o`, /has the instruction OBJ/],
    ['a state that is set', `${named('torch', 'Size')}}b`, /sets the state of an object/],
  ])('%s', (_, code, message) => {
    const error = errorOf(pickle(code));
    expect(isAlphaLoraError(error, 'UNSUPPORTED_CHECKPOINT')).toBe(true);
    expect(error.message).toMatch(message);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['what is no pickle', bytesOf('GGUF'), /does not begin as one/],
    ['protocol 0', bytesOf('\x80\x00N.'), /its protocol is 0/],
    ['a later protocol', bytesOf('\x80\x06N.'), /its protocol is 6/],
    ['an unknown instruction', pickle('\xff'), /255 is no instruction/],
    ['an empty stack', pickle(''), /stack is empty/],
    ['what lies under a mark', pickle('N(0'), /stack is empty/],
    ['a mark that is not there', pickle('t'), /has no mark/],
    ['an object that was not remembered', pickle('h\x07'), /remembers no object 7/],
    ['a key without value', pickle('}(Nu'), /a key has no value/],
    ['items of a list', pickle('](NNu'), /sets items of no dictionary/],
    ['a tuple that grows', pickle(')Na'), /appends to no list/],
    ['a set that is none', pickle('](N\x90'), /adds to no set/],
    ['a call of no function', pickle('N)R'), /calls something, which is no function/],
    ['a call of an element type', pickle(`${named('torch', 'float32')})R`), /no function/],
    ['a call without a tuple', pickle(`${named('torch', 'Size')}NR`), /with no tuple/],
    ['a text that is not UTF-8', pickle('X\x01\0\0\0\xff'), /not UTF-8/],
    [
      'a text of 2 ** 63 bytes',
      pickle(`\x8d${'\0'.repeat(7)}\x80`),
      /has 9223372036854775808 bytes/,
    ],
    ['an integer of a megabyte', pickle(`\x8b${uint32(1 << 20)}`), /integer has 1048576 bytes/],
    ['a name without end', bytesOf(`\x80\x02c${'a'.repeat(2000)}`), /a name has no end/],
    ['a persistent id that is no storage', pickle(`${tuple(text('module'))}Q`), /no storage/],
    [
      'a tensor without storage',
      pickle(call('torch._utils', '_rebuild_tensor_v2', 'N')),
      /no storage/,
    ],
    [
      'a tensor beyond its storage',
      pickle(tensor([2, 2], { stored: 3 })),
      /larger than what is stored/,
    ],
    [
      'a tensor that begins behind it',
      pickle(tensor([1], { stored: 1, offset: 1 })),
      /larger than/,
    ],
    ['strides that lead out of it', pickle(tensor([2, 2], { strides: [3, 1] })), /larger than/],
    ['strides of fewer axes', pickle(tensor([2, 2], { strides: [1] })), /has no shape/],
    ['a length below 0', pickle(tensor([-1], { stored: 1 })), /has no shape/],
    [
      'values that repeat without end',
      pickle(tensor([1 << 30], { stored: 1, strides: [0] })),
      /in 1000 bytes/,
    ],
    ['a storage of two sizes', pickle(tuple(tensor([1]), tensor([2]))), /two sizes/],
    [
      'a parameter without tensor',
      pickle(call('torch._utils', '_rebuild_parameter', 'N')),
      /no tensor/,
    ],
    [
      'a class that makes no tensor',
      pickle(call('torch._tensor', '_rebuild_from_type_v2', named('torch', 'Size'), 'N', ')', 'N')),
      /made of none/,
    ],
    ['containers without end', pickle(')'.repeat(2_200_000)), /has over 2097152 containers/],
    [
      'copies of copies',
      // A list of 2 ** 16 items, made a set 100 times.
      pickle(
        `](${'N'.repeat(1 << 16)}eq\x01${`0${named('builtins', 'set')}h\x01\x85R`.repeat(100)}`,
      ),
      /over and over/,
    ],
  ])('%s', (_, bytes, message) => {
    const error = errorOf(bytes);
    expect(isAlphaLoraError(error, 'INVALID_CHECKPOINT')).toBe(true);
    expect(error.message).toMatch(message);
  });

  it('nothing that merely ends too early', () => {
    const whole = pickle(dict({ w: tensor([2]) }));
    for (let end = 0; end < whole.byteLength; end++) {
      expect(unpickle(whole.subarray(0, end), 0, host())).toBeUndefined();
    }
    // Lengths that are claimed take no memory.
    expect(unpickle(pickle(`X${uint32(0xffffffff)}`), 0, host())).toBeUndefined();
  });
});

function errorOf(bytes: Uint8Array): Error {
  try {
    built(bytes);
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was read');
}
