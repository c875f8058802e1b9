/** `alphalora doctor`: what it takes. */
import { json } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';

export type DoctorOptions = OptionsOf<typeof doctor>;

export const doctor = () =>
  command('doctor')
    .description('show what this machine offers')
    .addOption(json())
    .option(
      '--install-tensorflow',
      'make the installed @tensorflow/tfjs-node work: download the TensorFlow wheel with pip and compile the binding (Linux)',
    )
    .option('--gpu', 'with --install-tensorflow: for @tensorflow/tfjs-node-gpu, with CUDA');
