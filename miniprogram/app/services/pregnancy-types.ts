/** What the pregnancy handbook answers; see the API's contract. */

import type { NewChild } from './types';

export type DatingMethod = 'lmp' | 'ultrasound' | 'ivf' | 'clinic';

export interface Dating {
  dated_by: DatingMethod;
  day: string;
  scan_weeks?: number;
  scan_days?: number;
  embryo_days?: number;
  multiple: boolean;
}

export interface Told {
  text: string;
  checked: boolean;
  source: string;
}

export interface PregnancyCheckup {
  id: string;
  title: string;
  from_date: string;
  aim_date: string;
  until_date: string;
  first_week: number;
  last_week: number;
  status: 'done' | 'due' | 'upcoming' | 'past';
  done_on: string | null;
  free_items: string[];
  extra_items: string[];
  advice: string[];
  source: string;
}

export interface ClinicalWindow extends Told {
  title: string;
  weeks_text: string;
  optional: boolean;
}

export interface Weight {
  day: string;
  kg: number;
}

export interface MovementCount {
  id: number;
  started_at: string;
  minutes: number;
  count: number;
}

export interface OpenPregnancy {
  due_date: string;
  dated_by: DatingMethod;
  multiple: boolean;
  weeks: number;
  days: number;
  days_left: number;
  phase: 'running' | 'after_due' | 'silent';
  checkups: PregnancyCheckup[];
  following: string | null;
  card: { slug: string; title: string; summary: string } | null;
  windows: ClinicalWindow[];
  count_movements: ClinicalWindow | null;
  overdue: ClinicalWindow | null;
  weights: Weight[];
  movements: MovementCount[];
}

export interface Help extends Told {
  call: string | null;
}

export interface Pregnancy {
  state: 'none' | 'open' | 'born' | 'ended';
  /** Whether this parent opened it, and so invites; whether another one sees it too. */
  opener: boolean;
  shared: boolean;
  agreed: boolean;
  today: string;
  pregnancy: OpenPregnancy | null;
  restore_until: string | null;
  dating: (Told & { method: DatingMethod })[];
  danger: Told & { action: string; signs: string[]; card_slug: string | null };
  help: Help[];
  disclaimer: string;
  version: string;
}

export type Newborn = Omit<NewChild, 'gestational_weeks'>;
