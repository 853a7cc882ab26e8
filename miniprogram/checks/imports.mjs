import fs from 'node:fs';
import path from 'node:path';
import { filesBelow, nameOf } from './files.mjs';

const REFERENCES = {
  '.ts': /(?:\bfrom|\bimport|\brequire\(|\bimport\()\s*['"]([^'"]+)['"]/g,
  '.js': /(?:\bfrom|\bimport|\brequire\(|\bimport\()\s*['"]([^'"]+)['"]/g,
  '.wxs': /\brequire\(\s*['"]([^'"]+)['"]/g,
  '.wxml': /<(?:import|include|wxs)\b[^>]*\bsrc=['"]([^'"]+)['"]/g,
  '.wxss': /@import\s+(?:url\()?['"]([^'"]+)['"]/g,
};

/** The product stands alone: nothing outside its folder, no package, least of all the preview. */
export function checkImports(app) {
  return filesBelow(app).flatMap((file) => {
    const pattern = REFERENCES[path.extname(file)];
    if (!pattern) return [];
    const lines = fs.readFileSync(file, 'utf8').split('\n');
    return lines.flatMap((text, index) =>
      [...text.matchAll(pattern)]
        .filter(([, reference]) => !isOwn(app, file, reference))
        .map(
          ([, reference]) =>
            `${nameOf(app, file)}:${index + 1}: "${reference}" is not part of the mini-program`,
        ),
    );
  });
}

function isOwn(app, file, reference) {
  if (reference.startsWith('/')) return true; // from the root of the app
  if (!reference.startsWith('.') && /\.(ts|js)$/.test(file)) return false; // a package
  const target = path.resolve(path.dirname(file), reference);
  return target.startsWith(app + path.sep);
}
