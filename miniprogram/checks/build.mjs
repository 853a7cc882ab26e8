import { compile } from '../preview/compiler/compile.mjs';

/** Whatever the preview's build complains about: templates, tags, pages, app.json, sheets. */
export async function checkBuild(app) {
  const { problems } = await compile(app);
  return problems;
}
