import type { Relation } from '../services/types';

export const RELATIONS: { name: Relation; title: string }[] = [
  { name: 'mother', title: '妈妈' },
  { name: 'father', title: '爸爸' },
  { name: 'grandparent', title: '祖辈' },
  { name: 'other', title: '其他' },
];
