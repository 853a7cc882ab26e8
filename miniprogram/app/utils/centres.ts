/** Centres as the pages of booking show them. */

import type { Centre, SlotKind } from '../services/types';
import { drawMap, type CentreMap } from './centre-map';
import { byDistance, distanceText, metresBetween, pointOf, UNKNOWN_DISTANCE } from './distance';
import type { Point } from './distance';

export interface CentreView {
  id: number;
  /** Its place in the list, and its number in the picture. */
  number: number;
  name: string;
  town: string;
  address: string;
  hours: string;
  phone: string;
  /** Empty as long as nobody asked for distances. */
  distance: string;
  open: string;
  /** There is something to book. */
  free: boolean;
  /** There is a place to show on a map. */
  mapped: boolean;
  chosen: boolean;
  label: string;
}

export interface CentreList {
  views: CentreView[];
  map: CentreMap | null;
}

/** Where a session takes place, or for a visit at home whom to call. */
export interface Place {
  heading: string;
  address: string;
  hours: string;
  phone: string;
  mapped: boolean;
}

export function placeOf(centre: Centre, kind: SlotKind): Place {
  const atHome = kind === 'home_visit';
  return {
    heading: atHome ? '联系中心' : '怎么去',
    address: atHome ? '' : centre.address,
    hours: centre.opening_hours ?? '',
    phone: centre.phone_public ?? '',
    mapped: !atHome && pointOf(centre) !== null,
  };
}

interface Wish {
  kind: SlotKind | '';
  /** Where the phone is, when the family asked for distances. */
  here: Point | null;
  chosenId: number;
}

/** The list and its picture; the same numbers in both. */
export function centreList(centres: Centre[], { kind, here, chosenId }: Wish): CentreList {
  const ordered = here ? byDistance(centres, here) : centres;
  const views = ordered.map((centre, index) => {
    const view = viewOf(centre, index + 1, kind, here);
    const chosen = centre.id === chosenId;
    return { ...view, chosen, label: `选${labelOf(view)}${chosen ? '，已选' : ''}` };
  });
  const places = ordered.flatMap((centre, index) => {
    const point = pointOf(centre);
    return point ? [{ ...point, number: index + 1 }] : [];
  });
  return { views, map: drawMap(places, here) };
}

function viewOf(centre: Centre, number: number, kind: SlotKind | '', here: Point | null) {
  const point = pointOf(centre);
  const away = point && here ? distanceText(metresBetween(here, point)) : UNKNOWN_DISTANCE;
  const open = openText(centre, kind);
  return {
    id: centre.id,
    number,
    name: centre.name,
    town: centre.town,
    address: centre.address,
    hours: centre.opening_hours ?? '',
    phone: centre.phone_public ?? '',
    distance: here ? away : '',
    mapped: point !== null,
    ...open,
  };
}

function labelOf(view: ReturnType<typeof viewOf>): string {
  const { number, name, distance, address, hours, open } = view;
  return [`${number}号，${name}`, distance, address, hours, open].filter(Boolean).join('，');
}

/** 可约：亲子活动 3 场、家长课堂 2 场 */
function openText(centre: Centre, kind: SlotKind | ''): { open: string; free: boolean } {
  const asked = centre.open_sessions.filter((one) => !kind || one.kind === kind);
  const some = asked.filter(({ count }) => count);
  if (some.length) {
    const words = some.map(({ kind_title, count }) => `${kind_title} ${count} 场`);
    return { open: `可约：${words.join('、')}`, free: true };
  }
  return {
    open: kind ? `近期没有可约的${asked[0]?.kind_title ?? '场次'}` : '近期没有可约的场次',
    free: false,
  };
}
