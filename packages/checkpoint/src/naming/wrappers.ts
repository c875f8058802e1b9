/**
 * Modules that training programs wrap around those of a model, and adapters around the one that they
 * change. A state dict has their names in its own; the model has not.
 */

/** `torch.compile`, activation checkpointing, FSDP, Lightning and PEFT, anywhere in a name. */
const wrappers =
  /^(_orig_mod|_checkpoint_wrapped_module|_fsdp_wrapped_module|_fpw_module|_forward_module|base_layer)$/;

/** What DataParallel calls the whole model. Further inside, it may be a module's own name. */
const wholeModel = 'module';

/** Components of a name without those of wrappers. */
export function unwrapped(parts: readonly string[]): string[] {
  const own = parts.filter((part) => !wrappers.test(part));
  const start = own.findIndex((part) => part !== wholeModel);
  return start > 0 ? own.slice(start) : own;
}

/** The name that a tensor has in the model itself. */
export function unwrappedName(name: string): string {
  return unwrapped(name.split('.')).join('.');
}
