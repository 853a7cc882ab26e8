import type {
  Curves,
  Growth,
  Indicator,
  Measurement,
  Measures,
  Recorded,
  StandardName,
} from './growth-types';
import { get, put, remove } from './http';
import { remember, remembered } from './remembered';
import type { Sex } from './types';

const REMEMBERED = 'growth-standard';

/** The standard that was chosen last on this phone; the national one when none was. */
export function chosenStandard(): StandardName {
  return remembered(REMEMBERED)[0] === 'who' ? 'who' : 'wst423';
}

export function chooseStandard(name: StandardName): void {
  remember(REMEMBERED, [name]);
}

export function growth(childId: number, standard: StandardName): Promise<Growth> {
  const keepAs = `growth:${childId}:${standard}`;
  return get<Growth>(`/children/${childId}/growth`, { query: { standard }, keepAs });
}

/** The same for every child of that sex, so it is read without a token and kept. */
export function curves(standard: StandardName, indicator: Indicator, sex: Sex): Promise<Curves> {
  return get<Curves>('/growth-curves', {
    query: { standard, indicator, sex },
    anonymous: true,
    keepAs: `growth-curves:${standard}:${indicator}:${sex}`,
  });
}

export interface Writing extends Measures {
  /** The day of the measurement that is put right. */
  was_on: string | null;
  confirmed: boolean;
}

/** Keeps a measurement, or brings back what has to be looked at first. */
export function writeMeasurement(childId: number, day: string, told: Writing): Promise<Recorded> {
  return put<Recorded>(path(childId, day), { ...told, standard: chosenStandard() });
}

export async function removeMeasurement(childId: number, day: string): Promise<void> {
  await remove(path(childId, day));
}

/** Makes the days look again as `before` has them; `day` is the one that was written. */
export async function restore(
  childId: number,
  day: string | null,
  before: Measurement[],
): Promise<void> {
  if (day && !before.some(({ measured_on }) => measured_on === day))
    await removeMeasurement(childId, day);
  for (const { measured_on, weight_g, length_mm, lying, head_mm } of before) {
    const told = { weight_g, length_mm, lying, head_mm, was_on: null, confirmed: true };
    await writeMeasurement(childId, measured_on, told);
  }
}

function path(childId: number, day: string): string {
  return `/children/${childId}/growth/${day}`;
}

/** What was just done on another page, so that the next one can offer to undo it. */
export interface Act {
  childId: number;
  text: string;
  day: string | null;
  before: Measurement[];
}

let lastAct: Act | null = null;

export function leaveAct(act: Act): void {
  lastAct = act;
}

export function takeAct(childId: number): Act | null {
  const act = lastAct?.childId === childId ? lastAct : null;
  lastAct = null;
  return act;
}
