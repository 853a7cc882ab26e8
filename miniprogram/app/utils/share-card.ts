/** The picture that goes with a shared text: 600 × 480, as WeChat crops to 5 : 4. */

type Context = WechatMiniprogram.CanvasRenderingContext.CanvasRenderingContext2D;

export interface CardText {
  title: string;
  summary: string;
  age: string;
}

export const CARD = { width: 600, height: 480, scale: 2 };

// always by day: it is seen in somebody else's chat
const PAPER = '#faf6f0';
const INK = '#2d2823';
const QUIET = '#6b6157';
const ACCENT = '#a8492a';
const ACCENT_SOFT = '#f9e8de';
const FONT = '"PingFang SC", "Noto Sans CJK SC", sans-serif';
const LEFT = 44;
const WIDTH = CARD.width - 2 * LEFT;
const NOT_FIRST = '，。、；：？！）”》…';

export function drawCard(context: Context, text: CardText): void {
  context.fillStyle = PAPER;
  context.fillRect(0, 0, CARD.width, CARD.height);
  drawHills(context);
  context.textBaseline = 'top';
  drawAge(context, text.age);
  context.fillStyle = INK;
  context.font = `600 54px ${FONT}`;
  const below = drawLines(context, text.title, { top: 112, height: 70, most: 2 });
  context.fillStyle = QUIET;
  context.font = `30px ${FONT}`;
  drawLines(context, text.summary, { top: below + 14, height: 46, most: below < 200 ? 3 : 2 });
  drawName(context);
}

function drawAge(context: Context, age: string): void {
  context.font = `600 24px ${FONT}`;
  const width = context.measureText(age).width + 40;
  context.fillStyle = ACCENT_SOFT;
  pill(context, { left: LEFT, top: 40, width, height: 48 });
  context.fillStyle = ACCENT;
  context.fillText(age, LEFT + 20, 52);
}

function pill(
  context: Context,
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
): void {
  const radius = height / 2;
  context.beginPath();
  context.arc(left + radius, top + radius, radius, Math.PI / 2, Math.PI * 1.5);
  context.arc(left + width - radius, top + radius, radius, Math.PI * 1.5, Math.PI / 2);
  context.closePath();
  context.fill();
}

/** The river, the sun and the fields of the first page. */
function drawHills(context: Context): void {
  context.fillStyle = '#f2b999';
  context.beginPath();
  context.arc(500, 402, 36, 0, Math.PI * 2);
  context.fill();
  context.fillStyle = '#c9d6b8';
  context.beginPath();
  context.moveTo(0, 428);
  context.bezierCurveTo(140, 380, 260, 400, 360, 424);
  context.bezierCurveTo(450, 446, 540, 430, 600, 408);
  context.lineTo(600, 480);
  context.lineTo(0, 480);
  context.fill();
}

function drawName(context: Context): void {
  context.fillStyle = '#2f4a2a';
  context.font = `600 27px ${FONT}`;
  context.fillText('澄育', LEFT, 434);
  const after = LEFT + context.measureText('澄育').width + 14;
  context.font = `22px ${FONT}`;
  context.fillText('江阴科学育儿', after, 438);
}

interface Lines {
  top: number;
  height: number;
  most: number;
}

/** Draws the text in lines, the last one cut with …; returns where the next thing may begin. */
function drawLines(context: Context, text: string, { top, height, most }: Lines): number {
  const lines = broken(context, text);
  const shown = lines.slice(0, most);
  if (lines.length > most) shown[most - 1] = shown[most - 1].slice(0, -1) + '…';
  shown.forEach((line, index) => context.fillText(line, LEFT, top + index * height));
  return top + shown.length * height;
}

/** Chinese may break anywhere but before a closing mark. */
function broken(context: Context, text: string): string[] {
  const lines = [''];
  for (const letter of text) {
    const last = lines.length - 1;
    const fits = context.measureText(lines[last] + letter).width <= WIDTH;
    if (fits || NOT_FIRST.includes(letter)) lines[last] += letter;
    else lines.push(letter);
  }
  return lines;
}
