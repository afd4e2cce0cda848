/// How a report looks: one column on a phone, light and dark by what the reader's system prefers. Colours of curves are
/// Okabe and Ito's (2008), told apart by people who see few of them; brighter on dark ground.
enum ReportStyle {
  static let text = """
    :root {
      color-scheme: light dark;
      --page: #f7f6f3; --card: #ffffff; --text: #201f1c; --soft: #6d6a63; --line: #e7e4dd; --line-strong: #cfcbc2;
      --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b0578f; --c4: #c98a00; --c5: #4a9fd0;
      --good: #007a59; --care: #9a5b00; --bad: #b3361b; --care-ground: #fdf5e6; --care-line: #ecd9b3;
      --shadow: 0 1px 2px rgb(40 35 20 / 5%), 0 6px 20px rgb(40 35 20 / 4%);
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #131312; --card: #1c1c1a; --text: #edebe6; --soft: #a19d94; --line: #2d2c29; --line-strong: #47453f;
        --c0: #56a9e0; --c1: #f08c3e; --c2: #35c296; --c3: #dc92c0; --c4: #efc14a; --c5: #9cd3f2;
        --good: #4cc79c; --care: #e9b65c; --bad: #f0866a; --care-ground: #241f15; --care-line: #45391f;
        --shadow: none;
      }
      img { filter: brightness(.92); }
    }
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--page); color: var(--text);
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Inter", "Noto Sans", "Liberation Sans", sans-serif;
      font-variant-numeric: tabular-nums; -webkit-font-smoothing: antialiased;
    }
    main { max-width: 1180px; margin: 0 auto; padding: 36px 28px 64px; }
    h1, h2, h3, p, ul, dl, dd, figure { margin: 0; padding: 0; }
    ul { list-style: none; }
    h1 { font-size: 34px; line-height: 1.15; font-weight: 680; letter-spacing: -.022em; overflow-wrap: anywhere; }
    h2 { font-size: 20px; font-weight: 640; letter-spacing: -.012em; margin: 44px 0 14px; }
    h3 { font-size: 15px; font-weight: 620; letter-spacing: -.004em; }
    code, .code { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace; font-size: .88em; }
    .soft { color: var(--soft); }
    section > .soft { margin: -10px 0 14px; max-width: 70ch; }

    .brand { display: flex; align-items: center; gap: 9px; font-weight: 600; color: var(--soft); margin-bottom: 26px; }
    .brand svg { width: 26px; height: 26px; }
    .brand path { fill: none; stroke-width: 2.6; stroke-linecap: round; }
    .state { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 16px; margin-top: 8px; color: var(--soft); }
    .badge { display: inline-flex; align-items: center; gap: 7px; font-weight: 600; color: var(--tone); white-space: nowrap; }
    .badge::before { content: ""; width: 8px; height: 8px; border-radius: 50%; background: currentColor; }
    .badge.running { --tone: var(--c0); } .badge.finished { --tone: var(--good); }
    .badge.interrupted { --tone: var(--care); } .badge.broken { --tone: var(--bad); }
    .badge.running::before { animation: breathe 2.4s ease-in-out infinite; }
    @keyframes breathe { 50% { opacity: .25; } }
    @media (prefers-reduced-motion: reduce) { .badge.running::before { animation: none; } }
    .progress { height: 4px; border-radius: 2px; background: var(--line); margin-top: 16px; overflow: hidden; }
    .progress i { display: block; height: 100%; border-radius: 2px; background: var(--c0); }
    .facts { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 16px 28px; margin-top: 22px; }
    .facts dt { color: var(--soft); font-size: 13px; }
    .facts dd { font-weight: 560; overflow-wrap: anywhere; }

    .card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 18px 20px; box-shadow: var(--shadow); }
    .warnings { background: var(--care-ground); border-color: var(--care-line); box-shadow: none; margin-top: 28px; }
    .warnings h3 { color: var(--care); }
    .warnings li { margin-top: 8px; overflow-wrap: anywhere; }
    .lead { display: grid; grid-template-columns: minmax(0, 1.06fr) minmax(0, 1fr); gap: 20px; margin-top: 30px; }
    .stack { display: grid; grid-template-columns: minmax(0, 1fr); gap: 20px; }
    .lead .chart { display: flex; flex-direction: column; }
    .lead .plot { flex: 1 0 190px; }
    .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 20px; }
    .wide { grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); }
    img { display: block; max-width: 100%; height: auto; border-radius: 6px; }
    img[hidden] { display: none; }
    .head { display: flex; justify-content: space-between; align-items: baseline; gap: 12px; margin-bottom: 12px; }
    .frames img { width: 100%; }
    .time { display: flex; align-items: center; gap: 14px; margin-top: 14px; }
    .time input { flex: 1; min-width: 0; accent-color: var(--c0); height: 24px; margin: 0; }
    .time output { min-width: 9ch; text-align: right; font-weight: 560; }
    .time button {
      flex: none; width: 36px; height: 36px; border: 1px solid var(--line-strong); border-radius: 50%; padding: 0;
      background: none; color: var(--text); cursor: pointer; display: grid; place-items: center;
    }
    .time button:hover { border-color: var(--c0); color: var(--c0); }
    .time button svg { width: 14px; height: 14px; fill: currentColor; }
    .time button[data-state=playing] .play, .time button[data-state=still] .pause { display: none; }
    .exhibit p { margin: 2px 0 14px; color: var(--soft); font-size: 14px; }
    .exhibit img { width: 100%; max-width: 760px; }

    .chart figcaption p { color: var(--soft); font-size: 13px; min-height: 1.5em; }
    .key { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 8px 0 10px; font-size: 13.5px; color: var(--soft); }
    .key li { display: flex; align-items: center; gap: 7px; }
    .key i, .swatch { width: 14px; height: 0; border-top: 3px solid var(--ink); border-radius: 2px; flex: none; display: inline-block; }
    .key .dashed i, .swatch.dashed { border-top-style: dashed; border-radius: 0; }
    .key b { color: var(--text); font-weight: 600; min-width: 4.2ch; }
    .plot { height: 190px; touch-action: pan-y; cursor: crosshair; }
    .plot svg { display: block; overflow: hidden; }
    .plot text { fill: var(--soft); font-size: 12px; }
    .plot path { fill: none; }
    .plot .line { stroke: var(--line); }
    .plot .reference { stroke: var(--line-strong); stroke-dasharray: 3 4; }
    .curve path { stroke: var(--ink); stroke-linejoin: round; }
    .curve .even { stroke-width: 2; }
    .curve.dashed .even { stroke-dasharray: 6 4; }
    .curve .raw { stroke-width: 1; opacity: .26; }
    .curve .band { fill: var(--ink); stroke: none; opacity: .17; }
    .curve circle { fill: var(--ink); }
    .cursor path { stroke: var(--line-strong); }
    .cursor circle { fill: var(--ink); stroke: var(--card); stroke-width: 1.5; }
    .cursor text { fill: var(--text); font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 8px; }

    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: 14px; }
    th { text-align: left; font-weight: 560; color: var(--soft); font-size: 13px; white-space: nowrap; }
    th, td { padding: 7px 18px 7px 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
    tr > :last-child { padding-right: 0; }
    tbody tr:last-child > * { border-bottom: 0; padding-bottom: 2px; }
    td.number, th.number { text-align: right; white-space: nowrap; }
    td:first-child { white-space: nowrap; }
    td .swatch { margin-right: 10px; vertical-align: middle; }
    td.meaning { color: var(--soft); }
    details { margin-top: 16px; }
    summary { cursor: pointer; color: var(--soft); font-weight: 560; }
    details[open] summary { margin-bottom: 12px; }
    .method { display: flex; flex-wrap: wrap; gap: 2px 18px; color: var(--soft); font-size: 13px; margin: 2px 0 14px; }
    .method b { font-weight: 560; color: var(--text); }
    .defects { margin-top: 14px; color: var(--care); font-size: 14px; }
    .defects li { margin-top: 6px; }
    footer { margin-top: 56px; color: var(--soft); font-size: 13px; }

    /* A chart that would stand alone in its row takes it all. */
    @media (min-width: 1100px) { .grid > .chart:last-child:nth-child(3n+1) { grid-column: 1 / -1; } }
    @media (min-width: 740px) and (max-width: 1099px) { .grid > .chart:last-child:nth-child(odd) { grid-column: 1 / -1; } }
    @media (max-width: 860px) { .lead { grid-template-columns: minmax(0, 1fr); } }
    @media (max-width: 560px) {
      main { padding: 22px 16px 48px; }
      h1 { font-size: 28px; }
      h2 { margin-top: 36px; }
      .brand { margin-bottom: 18px; }
      .card { padding: 14px; border-radius: 12px; }
      .grid, .wide { grid-template-columns: minmax(0, 1fr); }
      .facts { grid-template-columns: 1fr 1fr; gap: 12px 16px; }
      .stack, .grid, .lead { gap: 14px; }
      td.meaning, th.meaning { display: none; }
    }
    @media print { .time, .progress { display: none; } .card { box-shadow: none; break-inside: avoid; } }
    """
}
