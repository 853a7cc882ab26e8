/** The blocks of a guide, ready to be drawn, and what a text leads to. */

import { pictureUrl } from '../services/guides';
import type { Block, GuideSummary, Heading } from '../services/library-types';
import type { RichNode } from '../services/types';
import { guideLinks, styled } from './nodes';
import { pieceUrl } from './pieces';

export interface BlockView {
  key: string;
  kind: 'text' | 'heading' | 'picture';
  nodes: RichNode[];
  /** Of a heading: what wx.pageScrollTo finds. */
  id: string;
  level: number;
  text: string;
  src: string;
  alt: string;
  /** Height in per cent of the width: keeps the place of a picture that has not come. */
  ratio: number;
  missing: boolean;
}

const EMPTY = { nodes: [], id: '', level: 0, text: '', src: '', alt: '', ratio: 0, missing: false };

export function blockView(block: Block, index: number, theme: string): BlockView {
  const view = { ...EMPTY, key: `b${index}`, kind: block.kind };
  if (block.kind === 'text') return { ...view, nodes: styled(block.nodes) };
  if (block.kind === 'heading')
    return { ...view, id: block.id, level: block.level, text: block.text };
  return {
    ...view,
    text: block.name,
    src: pictureUrl(block.name, theme),
    alt: block.alt,
    ratio: Math.round((block.height / block.width) * 1000) / 10,
  };
}

const MANY_HEADINGS = 4;
const LONG_MINUTES = 3;

/** Short texts need no table of contents. */
export function contents(headings: Heading[], minutes: number): Heading[] {
  const long = headings.length >= MANY_HEADINGS || minutes > LONG_MINUTES;
  return long && headings.length > 1 ? headings : [];
}

export interface Onward {
  title: string;
  note: string;
  page: string;
}

/** What the text itself leads to comes first, then what is related; each once. */
export function onward(blocks: Block[], related: GuideSummary[]): Onward[] {
  const linked = blocks.flatMap((block) => (block.kind === 'text' ? guideLinks(block.nodes) : []));
  const all = [
    ...linked.map(({ title, page }) => ({ title, note: '文中提到', page })),
    ...related.map((piece) => ({
      title: piece.title,
      note: `${piece.age_text} · ${piece.topic}`,
      page: pieceUrl(piece),
    })),
  ];
  return all.filter(({ page }, index) => all.findIndex((one) => one.page === page) === index);
}
