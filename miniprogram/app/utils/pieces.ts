/** Guides and recipes as cards and lines show them. */

import type {
  GuideSummary,
  Marks,
  Piece,
  RecipeSummary,
  Review,
  Source,
} from '../services/library-types';

export interface PieceView {
  slug: string;
  url: string;
  title: string;
  summary: string;
  /** One line: for what age, about what, how long. */
  meta: string;
  art: string;
  /** What is in it that some children must not eat; empty for a guide. */
  allergens: string;
  /** 待审, 待复审 or nothing. */
  review: string;
  read: boolean;
  favourite: boolean;
  /** What a screen reader says of the whole card. */
  label: string;
}

/** A space at which no line breaks. */
const TIGHT = '\u00a0';

const REVIEWS: Record<Review, string> = { pending: '待审', due: '待复审', reviewed: '' };
const ARTS: Record<GuideSummary['series'], string> = {
  manual: 'leaf',
  nutrition: 'bowl',
  handbook: 'card',
  service: 'service',
  before: 'leaf',
};

export function reviewText(review: Review): string {
  return REVIEWS[review];
}

export function pieceUrl({ kind, slug }: { kind: string; slug: string }): string {
  const page = kind === 'recipe' ? 'recipe' : 'guide';
  return `/pages/${page}/${page}?slug=${encodeURIComponent(slug)}`;
}

export function pieceView(piece: Piece, marks: Marks): PieceView {
  const review = REVIEWS[piece.review];
  const read = marks.read.includes(piece.slug);
  const favourite = marks.favourites.includes(piece.slug);
  const own = piece.kind === 'recipe' ? ofRecipe(piece) : ofGuide(piece);
  const states = [own.allergens, read && '已读', favourite && '已收藏', review].filter(Boolean);
  return {
    slug: piece.slug,
    url: pieceUrl(piece),
    title: piece.title,
    summary: piece.summary,
    meta: own.meta,
    art: own.art,
    allergens: own.allergens,
    review,
    read,
    favourite,
    label: [piece.title, own.series, `适合${piece.age_text}`, ...states].join('，'),
  };
}

function ofGuide(guide: GuideSummary) {
  return {
    series: guide.series_title,
    meta: [guide.age_text, guide.topic, `${guide.minutes}${TIGHT}分钟`].join(' · '),
    art: ARTS[guide.series],
    allergens: '',
  };
}

function ofRecipe(recipe: RecipeSummary) {
  const minutes = recipe.minutes ? `约${TIGHT}${recipe.minutes}${TIGHT}分钟` : '';
  return {
    series: '菜谱',
    meta: [recipe.age_text, recipe.texture, minutes].filter(Boolean).join(' · '),
    art: 'bowl',
    allergens: recipe.allergens.length ? `含${recipe.allergens.join('、')}` : '',
  };
}

export interface SourceLine {
  text: string;
  url: string;
}

export function sourceLine(source: Source): SourceLine {
  const named = [source.title, source.number].filter(Boolean).join('，');
  // most titles and numbers hold their year already
  const year = source.year && !named.includes(String(source.year)) ? `，${source.year}年` : '';
  return { text: named + year, url: source.url ?? '' };
}
