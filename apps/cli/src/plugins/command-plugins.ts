/** What a command sees of what others wrote. */
import type { Extension, ExtensionKind, Plugins } from '@alphalora/plugins';

export interface CommandPlugins extends Plugins {
  /** Adds to the registries what the configuration names of these kinds. */
  extend(kinds: readonly ExtensionKind[]): Promise<void>;
  /**
   * The name of a thing, which joins its registry where it is referred to by path or package.
   *
   * @returns an unknown name as it is: what it is for knows what else there is to choose from
   */
  nameOf(kind: ExtensionKind, reference: string): Promise<string>;
  /** What has joined the registries, for other threads. */
  readonly added: readonly Extension[];
}
