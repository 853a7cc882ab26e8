/** The shapes of the diary and of the check of the home. */

export interface DiaryEntry {
  id: number;
  day: string;
  note: string | null;
  photo: boolean;
  mine: boolean;
  /** Goes back with a change of the note. */
  version: number;
  recorded_at: string;
}

/** A month, newest day first. `earlier`: the next month that has entries. */
export interface DiaryMonth {
  agreed: boolean;
  month: string | null;
  items: DiaryEntry[];
  earlier: string | null;
}

/** What is typed and not yet saved; the photo stays where the phone has it. */
export interface DiaryDraft {
  day: string;
  note: string;
}

export type HomeAnswer = 'done' | 'not_yet' | 'not_here';

export interface HomeItem {
  id: string;
  text: string;
  next: string;
  verified: boolean;
  source: string;
}

export interface Hazard {
  id: string;
  title: string;
  guide_slug: string | null;
  items: HomeItem[];
}

export interface HomeChecked {
  day: string;
  answers: Record<string, HomeAnswer>;
}

export interface HomeCheck {
  agreed: boolean;
  today: string;
  hazards: Hazard[];
  last: HomeChecked | null;
}
