import { content } from './content.js';
import { controls } from './controls.js';
import { fields } from './fields.js';
import { scrolling } from './scrolling.js';

/**
 * Register every built-in component.
 * @param {object} space the global code space of the framework
 * @returns {Record<string, object>} tag → definition
 */
export function defineBuiltins(space) {
  return { ...content(space), ...controls(space), ...fields(space), ...scrolling(space) };
}
