// TypeScript → one bundle that evaluates app and pages in the order WeChat does.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

const runtime = fileURLToPath(new URL('../runtime/boot.js', import.meta.url));

/**
 * @param {import('./source.mjs').AppSource} app
 * @param {{templates: string, scopes: Record<string, string>, project: object, images: Record<string, string>}} parts
 * @returns {Promise<{path: string, contents: Uint8Array}[]>} app.js and its source map
 */
export async function bundleScripts(app, parts) {
  try {
    const result = await esbuild.build({
      stdin: {
        contents: entry(app, parts),
        resolveDir: path.dirname(runtime),
        sourcefile: 'entry.js',
        loader: 'js',
      },
      bundle: true,
      write: false,
      outfile: 'app.js',
      format: 'iife',
      target: 'es2021',
      charset: 'utf8',
      sourcemap: 'linked',
      logLevel: 'silent',
    });
    for (const warning of result.warnings) report(app, warning);
    return result.outputFiles.map(({ path: file, contents }) => ({
      path: path.basename(file),
      contents,
    }));
  } catch (error) {
    if (!error.errors) throw error;
    for (const failure of error.errors) report(app, failure);
    return [];
  }
}

function report(app, { text, location }) {
  const file = location ? path.resolve(location.file) : 'app.json';
  app.problems.add(file, text, { line: location?.line });
}

function entry(app, { templates, scopes, project, images }) {
  const units = [...app.units.values()].map((unit) => ({
    path: unit.path,
    json: { ...unit.json, usingComponents: unit.using },
    scope: scopes[unit.path],
  }));
  const config = { app: app.config, theme: app.theme, pages: app.pages, project };
  const loaders = ['app', ...app.units.keys()]
    .filter((unit) => app.script(unit)) // a missing one was reported by AppSource
    .map((unit) => {
      const file = path.join(app.root, app.script(unit));
      return `  ${JSON.stringify(unit)}: () => require(${JSON.stringify(file)}),`;
    });
  return [
    `import { boot } from ${JSON.stringify(runtime)};`,
    `const templates = ${templates};`,
    `const units = ${JSON.stringify(units)};`,
    `const config = ${JSON.stringify(config)};`,
    `const images = ${JSON.stringify(images)};`,
    `boot({ templates, units, config, images, loaders: {`,
    ...loaders,
    `} });`,
  ].join('\n');
}
