/** `alphalora doctor`: what it takes. */
import { json } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples } from '../../options/help.js';

export type DoctorOptions = OptionsOf<typeof doctor>;

export const doctor = () =>
  command('doctor')
    .description('show what this machine offers')
    .addOption(json())
    .option(
      '--install-tensorflow',
      'make the installed @tensorflow/tfjs-node work: download the TensorFlow wheel with pip and compile the binding (Linux)',
    )
    .option('--gpu', 'install for @tensorflow/tfjs-node-gpu, with CUDA (with --install-tensorflow)')
    .addHelpText('after', examples(['doctor', 'doctor --json', 'doctor --install-tensorflow']));
