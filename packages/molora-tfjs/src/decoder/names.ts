/** Names of a decoder's linear maps, as checkpoints of the Llama family have them. */

/** Roles of the linear maps of a block, in the order in which they are computed. */
export const projectionRoles = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const;

export type ProjectionRole = (typeof projectionRoles)[number];

/** `model.layers.0.self_attn.q_proj`: the module's name in the checkpoint. */
export function projectionName(block: number, role: ProjectionRole): string {
  const part = ['gate_proj', 'up_proj', 'down_proj'].includes(role) ? 'mlp' : 'self_attn';
  return `model.layers.${block}.${part}.${role}`;
}

/** The first projection of a block that takes in the same states: of query, key and value, the query. */
export function firstWithInputOf(role: ProjectionRole): ProjectionRole {
  if (role === 'k_proj' || role === 'v_proj') return 'q_proj';
  return role === 'up_proj' ? 'gate_proj' : role;
}
