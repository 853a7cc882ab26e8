import path from 'node:path';
import { ESLint } from 'eslint';
import { judged, nameOf, project } from './files.mjs';

/** ESLint over TypeScript and WXML (and, in the project, over the tools). */
export async function checkLint(app) {
  const eslint = new ESLint({
    cwd: judged(app) === app ? path.dirname(app) : project,
    overrideConfigFile: path.join(project, 'eslint.config.mjs'),
  });
  const results = await eslint.lintFiles([judged(app)]);
  return results.flatMap(({ filePath, messages }) =>
    messages.map(
      ({ line, message, ruleId }) =>
        `${nameOf(app, filePath)}:${line ?? 1}: ${message} (${ruleId ?? 'syntax'})`,
    ),
  );
}
