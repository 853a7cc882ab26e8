/** What a family takes along: files of the child's book, links for a doctor, who else looked. */

import { apiBase } from './base';
import { ApiError, UNREACHABLE } from './errors';
import { get, newKey, post, remove, storedToken } from './http';

export interface OpenedLink {
  id: number;
  url: string;
  qr_svg: string;
  expires_at: string;
}

export interface DoctorLink {
  id: number;
  created_at: string;
  expires_at: string;
  revoked_at: string | null;
  open: boolean;
  seen_at: string[];
}

/** One request of child-health staff, by their institution. `title`, `why`: in words. */
export interface HandbookGrant {
  id: number;
  office: string;
  why: string;
  title: string;
  open: boolean;
  asked_at: string;
  ends_at: string | null;
  looks: { at: string; page: string }[];
}

export interface Imported {
  saved: boolean;
  parts: { part: string; title: string; added: number; known: number }[];
  facts: boolean;
  clashes: { part: string; title: string; ours: string; theirs: string }[];
  left_out: string[];
}

export type BookForm = 'book.pdf' | 'fhir' | 'export';

/** A diary of seven years, each day full: the server takes no more (take_along/files.py). */
const LARGEST_FILE = 6_000_000;
const UNAVAILABLE = 503;

export function openLink(childId: number): Promise<OpenedLink> {
  return post<OpenedLink>(`/children/${childId}/doctor-links`, {}, newKey());
}

export async function doctorLinks(childId: number): Promise<DoctorLink[]> {
  return (await get<{ items: DoctorLink[] }>(`/children/${childId}/doctor-links`)).items;
}

export async function revokeLink(childId: number, linkId: number): Promise<void> {
  await remove(`/children/${childId}/doctor-links/${linkId}`);
}

export async function handbookGrants(childId: number): Promise<HandbookGrant[]> {
  return (await get<{ items: HandbookGrant[] }>(`/children/${childId}/handbook-grants`)).items;
}

export async function objectTo(childId: number, grantId: number): Promise<void> {
  await remove(`/children/${childId}/handbook-grants/${grantId}`);
}

/** Fetches one form of the book into a temporary file of the phone, and says where it lies. */
export function download(childId: number, form: BookForm): Promise<string> {
  return new Promise((resolve, reject) => {
    wx.downloadFile({
      url: `${apiBase()}/children/${childId}/${form}`,
      header: { Authorization: `Bearer ${storedToken()}` },
      success: ({ statusCode, tempFilePath }) => {
        if (statusCode === 200) resolve(tempFilePath);
        else reject(new ApiError(codeOf(statusCode), statusCode));
      },
      fail: ({ errMsg }) => reject(new ApiError(UNREACHABLE, 0, errMsg)),
    });
  });
}

function codeOf(status: number): string {
  if (status === UNAVAILABLE) return 'book_pdf_unavailable';
  return status === 404 ? 'not_found' : 'internal';
}

/** Raises ApiError copy_unreadable for what is no JSON, copy_too_large before it is sent. */
export async function readCopy(path: string, size: number): Promise<object> {
  if (size > LARGEST_FILE) throw new ApiError('copy_too_large', 413);
  const text = await new Promise<string>((resolve, reject) => {
    wx.getFileSystemManager().readFile({
      filePath: path,
      encoding: 'utf-8',
      success: ({ data }) => resolve(String(data)),
      fail: () => reject(new ApiError('copy_unreadable', 422)),
    });
  });
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === 'object' && found && !Array.isArray(found)) return found;
  } catch {
    // said below
  }
  throw new ApiError('copy_unreadable', 422);
}

export function importCopy(childId: number, file: object, confirmed: boolean): Promise<Imported> {
  return post<Imported>(`/children/${childId}/import`, { file, confirmed });
}
