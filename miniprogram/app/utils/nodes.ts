/** WeChat draws rich-text plainly and takes classes only from the nodes themselves: put ours on them. */

import type { RichNode } from '../services/types';

const CLASSES: Record<string, string> = {
  p: 'rt-p',
  h1: 'rt-h',
  h2: 'rt-h',
  h3: 'rt-h',
  h4: 'rt-h',
  ul: 'rt-list',
  ol: 'rt-list',
  li: 'rt-li',
  blockquote: 'rt-quote',
  strong: 'rt-strong',
  b: 'rt-strong',
  table: 'rt-table',
  th: 'rt-cell',
  td: 'rt-cell',
  hr: 'rt-line',
  a: 'rt-link',
};

export function styled(nodes: RichNode[]): RichNode[] {
  return nodes.map((node) => {
    const own = node.name ? CLASSES[node.name] : undefined;
    const attrs = own ? { ...node.attrs, class: own } : node.attrs;
    return {
      ...node,
      ...(attrs ? { attrs } : {}),
      ...(node.children ? { children: styled(node.children) } : {}),
    };
  });
}

export interface GuideLink {
  title: string;
  page: string;
}

/** Rich-text cannot be tapped: the guides that a text leads to are listed below it. */
export function guideLinks(nodes: RichNode[]): GuideLink[] {
  return nodes.flatMap((node) => {
    const page = node.name === 'a' ? (node.attrs?.href ?? '') : '';
    const own = page.startsWith('/pages/') ? [{ title: textOf(node), page }] : [];
    return [...own, ...guideLinks(node.children ?? [])];
  });
}

function textOf(node: RichNode): string {
  return (node.text ?? '') + (node.children ?? []).map(textOf).join('');
}
