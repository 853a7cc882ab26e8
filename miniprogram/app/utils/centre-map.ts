/**
 * A picture of where the centres lie: numbered dots in their true directions, with a scale. There is
 * no ground map in it, so it needs neither a licence nor a network. All lengths are per cent of its
 * width, apart from `top`, which is of its height.
 */

import { metresBetween, type Point } from './distance';

export interface Dot {
  number: number;
  left: number;
  top: number;
}

export interface CentreMap {
  dots: Dot[];
  here: Omit<Dot, 'number'> | null;
  height: number;
  scale: { width: number; text: string };
}

interface Spot {
  x: number;
  y: number;
}

const LEAST_METRES = 2_000; // a single centre, or several in one street
const FARTHEST_METRES = 40_000; // somebody farther away would squeeze the city into a corner
const MARGIN = 8;
const HEIGHTS = { least: 42, most: 80 };
const FOOT = 9; // where scale and north are written
const APART = 8.5; // a dot and its rim
const ROUNDS = 40;
const SCALES = [20_000, 10_000, 5_000, 2_000, 1_000, 500];
const LONGEST_SCALE = 30;

/** Null when no place is known. `here` is drawn only when it is not far off. */
export function drawMap(
  places: (Point & { number: number })[],
  here: Point | null,
): CentreMap | null {
  if (!places.length) return null;
  const near = here && places.some((place) => metresBetween(here, place) < FARTHEST_METRES);
  const shown: Point[] = near ? [...places, here] : places;
  const south = Math.min(...shown.map(({ latitude }) => latitude));
  const north = Math.max(...shown.map(({ latitude }) => latitude));
  const west = Math.min(...shown.map(({ longitude }) => longitude));
  const east = Math.max(...shown.map(({ longitude }) => longitude));
  const middle = { latitude: (south + north) / 2, longitude: (west + east) / 2 };
  const wide = metresBetween(
    { latitude: middle.latitude, longitude: west },
    { latitude: middle.latitude, longitude: east },
  );
  const high = metresBetween(
    { latitude: south, longitude: west },
    { latitude: north, longitude: west },
  );
  const room = HEIGHTS.most - 2 * MARGIN - FOOT;
  const perMetre = Math.min(
    (100 - 2 * MARGIN) / Math.max(wide, LEAST_METRES),
    room / Math.max(high, LEAST_METRES),
  );
  const inside = Math.max(high * perMetre + 2 * MARGIN, HEIGHTS.least - FOOT);
  const spotOf = ({ latitude, longitude }: Point): Spot => ({
    x: 50 + share(longitude - middle.longitude, east - west) * wide * perMetre,
    y: inside / 2 - share(latitude - middle.latitude, north - south) * high * perMetre,
  });
  const height = inside + FOOT;
  const placed = ({ x, y }: Spot) => ({ left: tidy(x), top: tidy((y / height) * 100) });
  const spots = spread(places.map(spotOf), inside);
  return {
    dots: spots.map((spot, index) => ({ number: places[index].number, ...placed(spot) })),
    here: near ? placed(spotOf(here)) : null,
    height: tidy(height),
    scale: scaleOf(perMetre),
  };
}

function share(part: number, whole: number): number {
  return whole ? part / whole : 0;
}

function tidy(length: number): number {
  return Math.round(length * 100) / 100;
}

/** Dots that would cover one another are pushed apart: the numbers matter more than the last metres. */
function spread(spots: Spot[], height: number): Spot[] {
  const moved = spots.map((spot) => ({ ...spot }));
  for (let round = 0; round < ROUNDS; round += 1) {
    let still = true;
    for (let i = 0; i < moved.length; i += 1)
      for (let j = 0; j < i; j += 1) if (pushApart(moved[j], moved[i], i)) still = false;
    for (const spot of moved) {
      spot.x = Math.min(Math.max(spot.x, MARGIN / 2), 100 - MARGIN / 2);
      spot.y = Math.min(Math.max(spot.y, MARGIN / 2), height - MARGIN / 2);
    }
    if (still) break;
  }
  return moved;
}

/** `turn` gives two dots in the same spot a direction to part in. */
function pushApart(a: Spot, b: Spot, turn: number): boolean {
  const gap = Math.hypot(b.x - a.x, b.y - a.y);
  if (gap >= APART - 0.01) return false;
  const angle = gap ? Math.atan2(b.y - a.y, b.x - a.x) : turn;
  const step = (APART - gap) / 2;
  a.x -= Math.cos(angle) * step;
  a.y -= Math.sin(angle) * step;
  b.x += Math.cos(angle) * step;
  b.y += Math.sin(angle) * step;
  return true;
}

function scaleOf(perMetre: number): { width: number; text: string } {
  const fitting = SCALES.find((metres) => metres * perMetre <= LONGEST_SCALE);
  const metres = fitting ?? SCALES[SCALES.length - 1];
  const text = metres < 1000 ? `${metres} 米` : `${metres / 1000} 公里`;
  return { width: tidy(metres * perMetre), text };
}
