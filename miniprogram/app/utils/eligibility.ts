/** Why a child may not book, in the words of a parent. */

import type { Child } from '../services/types';

export type Hindrance = 'departed' | 'duplicate' | 'in_care' | 'too_old';

export interface NoBooking {
  why: Hindrance;
  text: string;
}

const TEXTS: Record<Hindrance, string> = {
  departed: '服务已停止，不再预约，也不再提醒。手册保留着，可以照常查看。',
  duplicate:
    '这个孩子可能已由家人登记过。现在可以照常阅读；要预约，请让对方在“我的”里发邀请码给你，或等中心核对。',
  in_care: '免费指导面向在家照护的孩子，登记时选的是已入托。情况有变，可以修改资料。',
  too_old: '满三周岁后不再预约免费指导，手册和指南照常陪到六岁。',
};

/** Null for a child that may book. What the API does not say otherwise is the age. */
export function noBooking(child: Child): NoBooking | null {
  if (child.may_book) return null;
  const why = hindrance(child);
  return { why, text: TEXTS[why] };
}

function hindrance(child: Child): Hindrance {
  if (child.departure) return 'departed';
  if (child.possible_duplicate) return 'duplicate';
  return child.home_cared ? 'too_old' : 'in_care';
}
