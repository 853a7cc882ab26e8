/** The shapes of check-ups and screenings, by hand after the contract. Dates are YYYY-MM-DD. */

import type { ItemStatus, List } from './types';

export interface CheckupResult {
  place: string;
  /** g/L */
  haemoglobin: number | null;
  teeth: number | null;
  hearing: string;
  vision: string;
  advice: string;
}

export interface NewCheckupResult extends CheckupResult {
  done_on: string;
}

export interface Checkup {
  id: string;
  item_id: string;
  title: string;
  place: string;
  from_date: string;
  due_date: string;
  until_date: string | null;
  status: ItemStatus;
  done_on: string | null;
  head_circumference: boolean;
  haemoglobin: 'routine' | 'if_missed_at_6m' | null;
  hearing: string | null;
  vision: string[];
  /** Warning signs are asked at this age. */
  screening: boolean;
  parent_questions: string[];
  result: CheckupResult | null;
}

export interface Checkups extends List<Checkup> {
  today: string;
  eyes_title: string;
  eyes_intro: string;
  star: string;
  sources: string[];
  disclaimer: string;
}

export type SignAnswer = 'yes' | 'no' | 'unsure';
export type OutcomeKind = 'go_on' | 'ask' | 'clinic';

export interface Outcome {
  kind: OutcomeKind;
  title: string;
  text: string;
  steps: string[];
}

export interface Answered {
  answers: Record<string, SignAnswer>;
  answered_on: string;
  talked_on: string | null;
  outcome: Outcome;
}

export interface Screening {
  id: string;
  title: string;
  reached: boolean;
  questions: { id: string; text: string }[];
  answered: Answered | null;
}

export interface ScreeningFit {
  basis: 'actual' | 'corrected';
  actual_months: number;
  corrected_months: number | null;
  screening_id: string | null;
  by_actual_id: string | null;
  note: string;
}

export interface Attention {
  screening_id: string;
  title: string;
}

export interface Screenings extends List<Screening> {
  today: string;
  title: string;
  intro: string;
  question: string;
  rules: string[];
  fit: ScreeningFit;
  attention: Attention | null;
  autism: { lines: string[]; guide_slug: string | null };
  sources: string[];
  disclaimer: string;
}

export type NewbornTestId = 'hearing' | 'hearing-rescreen' | 'heel-prick' | 'heart';
export type PaperResult = 'passed' | 'recheck' | 'unclear';

export interface NewbornResult {
  done_on: string;
  result: PaperResult;
  note: string;
}

export interface NewbornTest {
  id: NewbornTestId;
  title: string;
  lines: string[];
  result: NewbornResult | null;
  asked: string | null;
}

export interface NewbornScreening extends List<NewbornTest> {
  today: string;
  title: string;
  intro: string;
  sources: string[];
  disclaimer: string;
}

export interface Doctor {
  team: string;
  doctor: string;
  phone: string;
  signed_on: string | null;
}

export interface FamilyDoctor {
  today: string;
  title: string;
  intro: string;
  kept: Doctor | null;
  disclaimer: string;
}
