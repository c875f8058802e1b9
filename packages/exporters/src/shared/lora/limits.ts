/** Classes of transformers that PEFT fails on whatever it is told, as data: tried with PEFT 0.21 and transformers 5.24. */

const limits: ReadonlyArray<readonly [classes: RegExp, why: string]> = [
  [
    /^((DFine|Deimv2|(MM)?GroundingDino|PPDocLayoutV[34]|RTDetrV2)ForObjectDetection|PPDocLayoutV[34]Model|FlavaForPreTraining|GraniteSpeech5ForCTC|PPFormulaNetForConditionalGeneration)$/,
    'it asks for input embeddings, which the class does not name: give it a method get_input_embeddings',
  ],
  [/^IBert/, 'it adapts no QuantLinear, which the model is made of'],
  [
    /^(SqueezeBert|RegNet|Zaya)/,
    'it adapts convolutions in groups only where the rank is divisible by their number: allocate multiples of it',
  ],
  [
    /^(Dac|UnivNet|VibeVoiceAcousticTokenizer|Xcodec)/,
    'it adapts no transposed convolutions: leave their roles out with targets',
  ],
];

export function limitOf(architecture: string = ''): string | undefined {
  const found = limits.find(([classes]) => classes.test(architecture));
  return found && `PEFT 0.21 fails on ${architecture}: ${found[1]}`;
}
