import type { Attention } from '../../services/clinic-types';
import { open } from '../../utils/navigation';

const LINKS = [
  { name: '发育筛查', page: '/pages/screenings/screenings' },
  { name: '新生儿筛查', page: '/pages/newborn-screening/newborn-screening' },
  { name: '眼保健和听力', page: '/pages/eye-care/eye-care' },
  { name: '家庭医生签约', page: '/pages/family-doctor/family-doctor' },
];

/** The ways from the handbook to screenings; above them a quiet hint while one needs the clinic. */
Component({
  properties: {
    /** Null: there is none. */
    attention: { type: Object, value: null },
  },
  data: { links: LINKS },
  methods: {
    go(event: WechatMiniprogram.TouchEvent) {
      open(String(event.currentTarget.dataset.page));
    },
    look() {
      const attention = this.data.attention as Attention | null;
      if (attention) open(`/pages/screening/screening?visit=${attention.screening_id}`);
    },
  },
});
