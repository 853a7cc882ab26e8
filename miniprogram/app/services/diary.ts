import type {
  DiaryDraft,
  DiaryEntry,
  DiaryMonth,
  HomeAnswer,
  HomeCheck,
  HomeChecked,
} from './diary-types';
import { download, upload } from './files';
import { get, post, put, remove } from './http';
import { forgetKept, keep, readKept } from './kept';

const DIARY = 'diary:';
const DRAFT = 'diary-draft:';

/** Which photos this phone has fetched since it was opened: name → its place on the phone. */
const fetched = new Map<string, string>();

/** What was just removed, so that the list can offer to bring it back. */
let removed: { childId: number; entry: DiaryEntry } | null = null;

/** The newest month is kept on the phone, without its photos, to be read without a network. */
export function diaryMonth(childId: number, month?: string): Promise<DiaryMonth> {
  const keepAs = month ? undefined : `${DIARY}${childId}`;
  return get<DiaryMonth>(`/children/${childId}/diary`, { query: { month }, keepAs });
}

export function addNote(childId: number, day: string, note: string): Promise<DiaryEntry> {
  return post<DiaryEntry>(`/children/${childId}/diary`, { day, note });
}

/** `file`: a path on this phone. */
export function addPhoto(
  childId: number,
  { day, note }: DiaryDraft,
  file: string,
  progress: (percent: number) => void,
): Promise<DiaryEntry> {
  const fields: Record<string, string> = note ? { day, note } : { day };
  const path = `/children/${childId}/diary/photos`;
  return upload<DiaryEntry>(path, { name: 'photo', path: file }, fields, progress);
}

export function changeNote(childId: number, entry: DiaryEntry, note: string): Promise<DiaryEntry> {
  const body = { note: note || null, version: entry.version };
  return put<DiaryEntry>(entryPath(childId, entry), body);
}

export function changePhoto(
  childId: number,
  entry: DiaryEntry,
  file: string,
  progress: (percent: number) => void,
): Promise<DiaryEntry> {
  const path = `${entryPath(childId, entry)}/photo`;
  return upload<DiaryEntry>(path, { name: 'photo', path: file }, {}, progress);
}

export function removePhoto(childId: number, entry: DiaryEntry): Promise<DiaryEntry> {
  return remove<DiaryEntry>(`${entryPath(childId, entry)}/photo`);
}

export async function removeEntry(childId: number, entry: DiaryEntry): Promise<void> {
  await remove(entryPath(childId, entry));
  removed = { childId, entry };
}

export function restoreEntry(childId: number, entry: DiaryEntry): Promise<DiaryEntry> {
  return post<DiaryEntry>(`${entryPath(childId, entry)}/restore`);
}

/** What was removed a moment ago, told once. */
export function takeRemoved(): { childId: number; entry: DiaryEntry } | null {
  const told = removed;
  removed = null;
  return told;
}

/** The place of a photo on this phone; fetched when it is not here yet. */
export async function photoOf(
  childId: number,
  entry: DiaryEntry,
  size: 'small' | 'full',
): Promise<string> {
  const name = `${childId}:${entry.id}:${entry.version}:${size}`;
  const known = fetched.get(name);
  if (known) return known;
  const query = size === 'small' ? '?small=true' : '';
  const file = await download(`${entryPath(childId, entry)}/photo${query}`);
  fetched.set(name, file);
  return file;
}

/** The whole diary as a ZIP; a path on this phone. */
export function diaryArchive(childId: number): Promise<string> {
  return download(`/children/${childId}/diary.zip`);
}

/** `of`: the id of an entry, or `new`. */
export function keptDraft(childId: number, of: string): DiaryDraft | null {
  return readKept<DiaryDraft>(`${DRAFT}${childId}:${of}`)?.body ?? null;
}

export function keepDraft(childId: number, of: string, draft: DiaryDraft): void {
  keep(`${DRAFT}${childId}:${of}`, { url: '', etag: '', body: draft });
}

export function dropDraft(childId: number, of: string): void {
  forgetKept(`${DRAFT}${childId}:${of}`);
}

/** After the consent was taken back: nothing of any diary stays on the phone. */
export function forgetDiaries(): void {
  forgetKept(DIARY);
  forgetKept(DRAFT);
  fetched.clear();
}

export function homeCheck(childId: number): Promise<HomeCheck> {
  return get<HomeCheck>(`/children/${childId}/home-check`, { keepAs: `${DIARY}home:${childId}` });
}

export function keepHomeCheck(
  childId: number,
  answers: Record<string, HomeAnswer>,
): Promise<HomeChecked> {
  return put<HomeChecked>(`/children/${childId}/home-check`, { answers });
}

function entryPath(childId: number, entry: DiaryEntry): string {
  return `/children/${childId}/diary/${entry.id}`;
}
