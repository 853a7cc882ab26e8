/** How far a centre is, as plain functions. A position comes in, a sentence comes out, nothing is kept. */

/** Degrees in GCJ-02, as WeChat's maps have them. */
export interface Point {
  latitude: number;
  longitude: number;
}

/** A point, or what nobody wrote down. */
export type MaybePoint = { [key in keyof Point]: number | null };

const EARTH_METRES = 6_371_008.8; // mean radius, IUGG
const RADIANS = Math.PI / 180;
export const UNKNOWN_DISTANCE = '距离未知';

export function pointOf({ latitude, longitude }: MaybePoint): Point | null {
  return latitude === null || longitude === null ? null : { latitude, longitude };
}

/** Great-circle distance in metres by the haversine formula. */
export function metresBetween(a: Point, b: Point): number {
  const half = (from: number, to: number) => Math.sin(((to - from) * RADIANS) / 2) ** 2;
  const across =
    half(a.latitude, b.latitude) +
    Math.cos(a.latitude * RADIANS) *
      Math.cos(b.latitude * RADIANS) *
      half(a.longitude, b.longitude);
  return 2 * EARTH_METRES * Math.asin(Math.min(1, Math.sqrt(across)));
}

/** 约800米, 约3.2公里, 约12公里; never finer than a hundred metres: the position is a rough one. */
export function distanceText(metres: number): string {
  const hundreds = Math.max(1, Math.round(metres / 100));
  if (hundreds < 10) return `约${hundreds * 100}米`;
  return `约${hundreds < 100 ? hundreds / 10 : Math.round(metres / 1000)}公里`;
}

/** The nearest first; those whose place is unknown stay in their order, at the end. */
export function byDistance<T extends MaybePoint>(places: T[], here: Point): T[] {
  const away = (place: T) => {
    const point = pointOf(place);
    return point ? metresBetween(here, point) : Infinity;
  };
  return places
    .map((place, index) => ({ place, index, metres: away(place) }))
    .sort((a, b) => (a.metres === b.metres ? a.index - b.index : a.metres - b.metres))
    .map(({ place }) => place);
}
