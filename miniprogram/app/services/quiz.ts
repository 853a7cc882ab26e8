import { get, post } from './http';
import { getAll } from './lists';
import type { Quiz, QuizBand, QuizSummary } from './library-types';

/** For whom: a child, whose age gives the questions; an age, which goes before it; or both. */
export interface QuizFor {
  child_id?: number;
  band?: QuizBand;
}

/** A new set, or the one begun within a day. Raises ApiError consent_… and quiz_empty. */
export function beginQuiz(whom: QuizFor): Promise<Quiz> {
  return post<Quiz>('/quizzes', whom);
}

export function quiz(id: number): Promise<Quiz> {
  return get<Quiz>(`/quizzes/${id}`, { keepAs: `quiz:${id}` });
}

/** `chosen`: the option as shown, counted from 1. The first answer to a question stays. */
export function answerQuestion(id: number, position: number, chosen: number): Promise<Quiz> {
  return post<Quiz>(`/quizzes/${id}/answers`, { position, chosen });
}

export function quizzes(): Promise<QuizSummary[]> {
  return getAll<QuizSummary>('/quizzes', { keepAs: 'quizzes' });
}
