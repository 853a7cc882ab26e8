/** The shapes of a child's growth in /api/v1, by hand after its contract. */

import type { Sex } from './types';

export type StandardName = 'wst423' | 'who';
export type Indicator = 'wfa' | 'lhfa' | 'hcfa' | 'bfa' | 'wfl' | 'wfh';

/** Whole grams and millimetres. `lying`: how the length was measured; null: the usual way. */
export interface Measures {
  weight_g: number | null;
  length_mm: number | null;
  lying: boolean | null;
  head_mm: number | null;
}

/** `value` stands at `x` of the drawn lines. */
export interface Score {
  indicator: Indicator;
  x: number;
  value: number;
  z: number;
  centile: number;
  level: string;
  label: string;
  place: string;
}

/** An indicator that is not there does not apply at this age. */
export interface Reading {
  age_text: string;
  scores: Score[];
}

export interface Change {
  indicator: Indicator;
  text: string;
  crossed: number[];
}

export interface Measurement extends Measures {
  measured_on: string;
  actual: Reading;
  corrected: Reading | null;
  changes: Change[];
  questions: string[];
}

export interface GrowthChild {
  id: number;
  name: string;
  sex: Sex;
  birth_date: string;
  age_text: string;
  preterm: boolean;
  stands_from: string;
}

export interface Growth {
  child: GrowthChild;
  today: string;
  standard: StandardName;
  standards: { name: StandardName; title: string }[];
  items: Measurement[];
  disclaimer: string;
}

/** `points`: x, then the values at -3 … +3 SD; x in months, or in cm along `length`. */
export interface Curves {
  standard: StandardName;
  title: string;
  indicator: Indicator;
  sex: Sex;
  along: 'age' | 'length';
  points: number[][];
}

export interface Recorded {
  saved: boolean;
  questions: string[];
}
