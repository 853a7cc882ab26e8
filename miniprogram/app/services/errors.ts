/** Codes that are made here, because no server was reached to make one. */
export const UNREACHABLE = 'unreachable';
export const LOGIN_FAILED = 'login_failed';

/** What went wrong, by the stable `code` of problem+json. Pages never read `title`; see utils/messages.ts. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** What is special about this case, a sentence of the server; empty when there is nothing to add. */
  readonly detail: string;

  constructor(code: string, status: number, title = '', detail = '') {
    super(code);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.title = title;
    this.detail = detail;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof ApiError ? error.code : '';
}
