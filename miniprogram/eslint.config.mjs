import js from '@eslint/js';
import wxmlParser from '@wxml/parser';
import wxml from 'eslint-plugin-wxml';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const JAVASCRIPT = {
  eqeqeq: 'error',
  'no-var': 'error',
  'prefer-const': 'error',
  'object-shorthand': 'error',
};

export default tseslint.config(
  { ignores: ['**/node_modules/', 'preview/dist/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  // the product
  {
    files: ['**/*.ts'],
    extends: [js.configs.recommended, tseslint.configs.strict, tseslint.configs.stylistic],
    rules: {
      ...JAVASCRIPT,
      complexity: ['error', 15],
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', 60],
      'no-console': 'error',
      'no-undef': 'off', // tsc knows better: it has WeChat's names and no DOM
      'no-restricted-properties': [
        'error',
        { object: 'wx', property: 'request', message: 'only services/http.ts talks to the server' },
      ],
    },
  },
  { files: ['**/services/http.ts'], rules: { 'no-restricted-properties': 'off' } },
  // a page or component is one call with everything in it
  {
    files: ['**/pages/**/*.ts', '**/components/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
  {
    files: ['**/*.wxml'],
    plugins: { wxml },
    languageOptions: { parser: wxmlParser },
    rules: {
      'wxml/report-wxml-syntax-error': 'error',
      'wxml/report-interpolation-error': 'error',
      'wxml/report-wxs-syntax-error': 'error',
      'wxml/no-const-and-let-in-wxs': 'error',
      'wxml/no-duplicate-attributes': 'error',
      'wxml/no-inconsistent-tagname': 'error',
      'wxml/no-vue-directive': 'error',
      'wxml/no-wx-if-string': 'error',
      'wxml/wx-key': 'error',
      'wxml/wxs-module-prop': 'error',
    },
  },

  // the tools around it
  {
    files: ['preview/**/*.{js,mjs}', 'checks/**/*.{mjs,cjs}', '*.mjs'],
    extends: [js.configs.recommended],
    rules: { ...JAVASCRIPT, complexity: ['error', 15], 'max-lines': ['error', 400] },
  },
  {
    files: ['preview/runtime/**', 'preview/frame/**'],
    languageOptions: { globals: { ...globals.browser, wx: 'readonly' } },
  },
  {
    files: ['preview/*.mjs', 'preview/compiler/**', 'checks/**', '*.mjs'],
    languageOptions: { globals: globals.node },
  },
);
