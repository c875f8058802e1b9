/** Data sets as prompts with their answers, and how a model does on them. */
export {
  type EvaluationOptions,
  evaluateByGeneration,
  evaluateByLikelihood,
  type TaskEvaluation,
} from './evaluate.js';
export { tasks } from './registry.js';
