/** Check-ups, screenings and the family doctor. Nothing of it is kept on the phone. */

import type {
  Checkup,
  Checkups,
  Doctor,
  FamilyDoctor,
  NewbornResult,
  NewbornScreening,
  NewbornTestId,
  NewCheckupResult,
  Screenings,
  SignAnswer,
} from './clinic-types';
import { get, put, remove } from './http';

export function checkups(childId: number): Promise<Checkups> {
  return get<Checkups>(`/children/${childId}/checkups`);
}

export function keepCheckup(
  childId: number,
  visitId: string,
  result: NewCheckupResult,
): Promise<Checkup> {
  return put<Checkup>(`/children/${childId}/checkups/${visitId}`, result);
}

export function forgetCheckup(childId: number, visitId: string): Promise<Checkup> {
  return remove<Checkup>(`/children/${childId}/checkups/${visitId}`);
}

export function screenings(childId: number): Promise<Screenings> {
  return get<Screenings>(`/children/${childId}/screenings`);
}

export function keepAnswers(
  childId: number,
  visitId: string,
  answers: Record<string, SignAnswer>,
): Promise<Screenings> {
  const list = Object.entries(answers).map(([id, answer]) => ({ id, answer }));
  return put<Screenings>(screeningPath(childId, visitId), { answers: list });
}

export function forgetAnswers(childId: number, visitId: string): Promise<Screenings> {
  return remove<Screenings>(screeningPath(childId, visitId));
}

/** `talkedOn`: when the family spoke with the clinic. */
export function noteTalk(childId: number, visitId: string, talkedOn: string): Promise<Screenings> {
  return put<Screenings>(`${screeningPath(childId, visitId)}/talk`, { talked_on: talkedOn });
}

export function forgetTalk(childId: number, visitId: string): Promise<Screenings> {
  return remove<Screenings>(`${screeningPath(childId, visitId)}/talk`);
}

export function newborn(childId: number): Promise<NewbornScreening> {
  return get<NewbornScreening>(`/children/${childId}/newborn-screening`);
}

export function keepNewborn(
  childId: number,
  test: NewbornTestId,
  result: NewbornResult,
): Promise<NewbornScreening> {
  return put<NewbornScreening>(`/children/${childId}/newborn-screening/${test}`, result);
}

export function forgetNewborn(childId: number, test: NewbornTestId): Promise<NewbornScreening> {
  return remove<NewbornScreening>(`/children/${childId}/newborn-screening/${test}`);
}

export function familyDoctor(childId: number): Promise<FamilyDoctor> {
  return get<FamilyDoctor>(`/children/${childId}/family-doctor`);
}

export function keepDoctor(childId: number, doctor: Doctor): Promise<FamilyDoctor> {
  return put<FamilyDoctor>(`/children/${childId}/family-doctor`, doctor);
}

export function forgetDoctor(childId: number): Promise<FamilyDoctor> {
  return remove<FamilyDoctor>(`/children/${childId}/family-doctor`);
}

function screeningPath(childId: number, visitId: string): string {
  return `/children/${childId}/screenings/${visitId}`;
}
