// rich-text: what WeChat allows in it, and nothing else.
import { assetUrl } from '../location.js';

const TAGS = new Set(
  (
    'a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup ' +
    'dd del div dl dt em fieldset footer h1 h2 h3 h4 h5 h6 header hr i img ins label legend li mark ' +
    'nav ol p pre q rt ruby s section small span strong sub sup table tbody td tfoot th thead tr u ul'
  ).split(' '),
);
const ATTRIBUTES = new Set(
  'class style src alt width height colspan rowspan span start type'.split(' '),
);

/**
 * @param {string | object[]} nodes HTML, or WeChat's list of `{name, attrs, children}` and `{type: 'text', text}`
 * @returns {Node[]} harmless nodes: other tags are dropped with their content, other attributes without
 */
export function sanitised(nodes) {
  // a document of its own, in which nothing is loaded or run
  const { body } = document.implementation.createHTMLDocument('');
  if (typeof nodes === 'string') body.innerHTML = nodes;
  else body.append(...nodes.map((node) => toElement(node, body.ownerDocument)));
  clean(body);
  return [...body.childNodes].map((node) => document.adoptNode(node));
}

function toElement(node, owner) {
  if (node.type === 'text') return owner.createTextNode(decodeEntities(node.text, owner));
  const element = owner.createElement(TAGS.has(node.name) ? node.name : 'template');
  for (const [name, value] of Object.entries(node.attrs ?? {})) element.setAttribute(name, value);
  element.append(...(node.children ?? []).map((child) => toElement(child, owner)));
  return element;
}

/** WeChat resolves entities in text nodes. */
function decodeEntities(text, owner) {
  const area = owner.createElement('textarea');
  area.innerHTML = text;
  return area.value;
}

function clean(parent) {
  for (const element of [...parent.children]) {
    if (!TAGS.has(element.localName)) {
      console.info(`[preview] rich-text drops <${element.localName}>`);
      element.remove();
      continue;
    }
    for (const { name } of [...element.attributes])
      if (!ATTRIBUTES.has(name)) element.removeAttribute(name);
    if (element.localName === 'img')
      element.setAttribute('src', assetUrl(element.getAttribute('src') ?? ''));
    clean(element);
  }
}
