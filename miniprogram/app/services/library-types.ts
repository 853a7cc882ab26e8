/** The shapes of the library: guides, recipes, marks, the knowledge check. See types.ts. */

import type { RichNode } from './types';

export type Series = 'manual' | 'nutrition' | 'handbook' | 'service' | 'before';
/** due: it was reviewed, and has to be looked at again. */
export type Review = 'pending' | 'reviewed' | 'due';
/** pregnancy: texts that have weeks of pregnancy instead of days of life. */
export type Band = 'newborn' | '0-3m' | '4-6m' | '6-12m' | '1-2y' | '2-3y' | '3-6y' | 'pregnancy';

/** Days of life, both ends included; null for a text about pregnancy. `minutes` to read. */
export interface GuideSummary {
  kind: 'guide';
  slug: string;
  title: string;
  series: Series;
  series_title: string;
  topic: string;
  summary: string;
  age_from_days: number | null;
  age_to_days: number | null;
  age_text: string;
  minutes: number;
  review: Review;
}

export interface Source {
  title: string;
  number: string;
  year: number;
  url: string | null;
}

export interface Heading {
  id: string;
  level: number;
  text: string;
}

export interface TextBlock {
  kind: 'text';
  nodes: RichNode[];
}

export interface HeadingBlock extends Heading {
  kind: 'heading';
}

/** `name`: of /pictures/NAME.svg and NAME-dark.svg. */
export interface PictureBlock {
  kind: 'picture';
  name: string;
  title: string;
  alt: string;
  width: number;
  height: number;
}

export type Block = TextBlock | HeadingBlock | PictureBlock;

/** Which office reviewed a text, on which day, and until when. */
export interface Signature {
  office: string;
  on: string;
  until: string;
}

export interface Guide extends GuideSummary {
  blocks: Block[];
  sources: Source[];
  headings: Heading[];
  related: GuideSummary[];
  signed: Signature | null;
}

export interface RecipeSummary {
  kind: 'recipe';
  slug: string;
  title: string;
  summary: string;
  age_from_days: number;
  age_to_days: number;
  age_text: string;
  texture: string;
  minutes: number | null;
  allergens: string[];
  /** What some products of an ingredient hold: read the package. */
  may_contain: string[];
  tags: string[];
  review: Review;
}

export interface Ingredient {
  food: string;
  amount: string;
}

export interface Recipe extends RecipeSummary {
  ingredients: Ingredient[];
  steps: string[];
  careful: string;
  sources: Source[];
  signed: Signature | null;
}

export type Piece = GuideSummary | RecipeSummary;

export interface Marked {
  text: string;
  hit: boolean;
}

export type Hit = Piece & { title_marked: Marked[]; snippet: Marked[] };

/** `near`: words that might be meant, where nothing was found. */
export interface Found {
  items: Hit[];
  near: string[];
}

/** Slugs of guides and recipes, the latest first. */
export interface Marks {
  favourites: string[];
  read: string[];
}

export type QuizBand = Exclude<Band, 'newborn' | 'pregnancy'>;
export type QuizState = 'open' | 'finished' | 'expired';

export interface QuizSummary {
  id: number;
  band: QuizBand;
  band_title: string;
  state: QuizState;
  sampled: boolean;
  begun_at: string;
  finished_at: string | null;
  asked: number;
  answered: number;
  correct: number;
}

/** `chosen`, `right`: options as shown, counted from 1. */
export interface Solution {
  chosen: number | null;
  right: number;
  correct: boolean;
  explanation: string;
  guide: { slug: string; title: string } | null;
  sources: { title: string; number: string; year: number }[];
}

export interface Question {
  position: number;
  text: string;
  options: string[];
  solution: Solution | null;
}

/** `withdrawn`: questions that were taken back since. `wrong`: positions answered wrong. */
export interface Quiz extends QuizSummary {
  questions: Question[];
  withdrawn: number;
  wrong: number[];
}
