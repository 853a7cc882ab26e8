import { familyDoctor, forgetDoctor, keepDoctor } from '../../services/clinic';
import type { Doctor, FamilyDoctor } from '../../services/clinic-types';
import type { Child } from '../../services/types';
import { attempt } from '../../utils/attempts';
import { childLoader } from '../../utils/child-loader';
import { oneLine } from '../../utils/clinic';
import { fullDayText } from '../../utils/dates';
import { open } from '../../utils/navigation';

const PHONE = /^([0-9+][0-9 -]{4,18})?$/;
const EARLIEST = '2000-01-01';
const EMPTY: Doctor = { team: '', doctor: '', phone: '', signed_on: null };

const loader = childLoader();

Page({
  data: {
    status: 'loading',
    message: '',
    child: null as Child | null,
    found: null as FamilyDoctor | null,
    earliest: EARLIEST,
    writing: false,
    typed: EMPTY,
    dayText: '',
    signed: '',
    removed: null as Doctor | null,
    busy: false,
    problem: '',
  },

  onLoad() {
    return this.load();
  },

  load() {
    return loader.load(this, async (child) => {
      const found = await familyDoctor(child.id);
      this.setData({ child, status: 'ready' });
      this.show(found);
    });
  },

  show(found: FamilyDoctor) {
    const signedOn = found.kept?.signed_on;
    const signed = signedOn ? `${fullDayText(signedOn)}签约` : '';
    this.setData({ found, signed, writing: false, problem: '' });
  },

  write() {
    const typed = this.data.found?.kept ?? EMPTY;
    const dayText = typed.signed_on ? fullDayText(typed.signed_on) : '';
    this.setData({ writing: true, typed, dayText, removed: null });
  },

  stop() {
    this.setData({ writing: false, problem: '' });
  },

  type(event: WechatMiniprogram.Input) {
    const field = event.currentTarget.dataset.field as 'team' | 'doctor' | 'phone';
    this.setData({ typed: { ...this.data.typed, [field]: event.detail.value }, problem: '' });
  },

  chooseDay(event: WechatMiniprogram.PickerChange) {
    const day = String(event.detail.value);
    this.setData({ typed: { ...this.data.typed, signed_on: day }, dayText: fullDayText(day) });
  },

  save() {
    const { typed } = this.data;
    const doctor = {
      ...typed,
      team: oneLine(typed.team),
      doctor: oneLine(typed.doctor),
      phone: typed.phone.trim(),
    };
    if (!doctor.team) {
      this.setData({ problem: '请写团队的名称' });
      return;
    }
    if (!PHONE.test(doctor.phone)) {
      this.setData({ problem: '电话只写数字，可以有横线' });
      return;
    }
    return this.send((child: number) => keepDoctor(child, doctor));
  },

  async forget() {
    const removed = this.data.found?.kept ?? null;
    await this.send(forgetDoctor);
    if (!this.data.problem) this.setData({ removed });
  },

  restore() {
    const { removed } = this.data;
    return removed ? this.send((child: number) => keepDoctor(child, removed)) : undefined;
  },

  async send(write: (childId: number) => Promise<FamilyDoctor>) {
    const { child } = this.data;
    if (!child) return;
    await attempt(this, async () => {
      this.show(await write(child.id));
      this.setData({ removed: null });
    });
  },

  call() {
    const phone = this.data.found?.kept?.phone;
    // who closes the question of the phone has not failed
    if (phone) wx.makePhoneCall({ phoneNumber: phone, fail: () => undefined });
  },

  register() {
    open('/pages/child-form/child-form');
  },
});
