// Files that a gate looks at.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const project = fileURLToPath(new URL('..', import.meta.url));
const SKIPPED = new Set(['node_modules', 'dist']);

/** Absolute paths below `folder`, sorted. */
export function filesBelow(folder) {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name))
    .flatMap((entry) => {
      const full = path.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(full) : [full];
    })
    .sort();
}

/** How a gate names a file: from the parent of the app folder, `app/pages/home/home.ts`. */
export function nameOf(app, file) {
  return path.relative(path.dirname(app), file).split(path.sep).join('/');
}

/** The product's own folder brings its tools along; a copy of an app is judged alone. */
export function judged(app) {
  return app === path.join(project, 'app') ? project : app;
}
