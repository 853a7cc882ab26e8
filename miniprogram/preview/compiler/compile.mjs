// A mini-program folder → the files of the preview, and everything that is wrong with it.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkManifest } from './manifest.mjs';
import { Problems } from './problems.mjs';
import { bundleScripts } from './scripts.mjs';
import { AppSource } from './source.mjs';
import { compileStyles } from './styles.mjs';
import { compileTemplates } from './templates.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const PAGES = ['frame/index.html', 'frame/frame.css', 'frame/frame.js', 'runtime/app.html'];
const MIME = { png: 'png', jpg: 'jpeg', jpeg: 'jpeg', svg: 'svg+xml', gif: 'gif', webp: 'webp' };

/**
 * @param {string} root the app folder
 * @returns {Promise<{app: AppSource, problems: string[], outputs: {path: string, contents: string | Uint8Array}[]}>}
 */
export async function compile(root) {
  const problems = new Problems(path.resolve(root));
  const app = new AppSource(path.resolve(root), problems);
  if (!app.script('app')) problems.add('app.ts', 'file is missing');
  checkManifest(app);
  const templates = compileTemplates(app);
  const { css, scopes } = compileStyles(app);
  const parts = { templates, scopes, project: readProject(), images: readImages(app) };
  const scripts = await bundleScripts(app, parts);
  const outputs = [
    ...scripts,
    {
      path: 'app.css',
      contents: fs.readFileSync(path.join(here, 'runtime/base.css'), 'utf8') + css,
    },
    ...PAGES.map((file) => ({
      path: path.basename(file),
      contents: fs.readFileSync(path.join(here, file)),
    })),
  ];
  return { app, problems: problems.lines, outputs };
}

/** What DevTools would tell the mini-program about itself. */
function readProject() {
  const file = path.join(here, '../project.config.json');
  const { appid, libVersion } = JSON.parse(fs.readFileSync(file, 'utf8'));
  return { appid, libVersion };
}

/** The package's images by path, as data: a phone has them even without a network. */
function readImages(app) {
  const entries = app.files().map((file) => {
    const type = MIME[path.extname(file).slice(1)];
    if (!type) return [];
    const content = fs.readFileSync(path.join(app.root, file)).toString('base64');
    return [[`/${file}`, `data:image/${type};base64,${content}`]];
  });
  return Object.fromEntries(entries.flat());
}
