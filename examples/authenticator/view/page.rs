use std::cell::Cell;

use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::{Line, Span},
};

use crate::text::{safe, width, wrap};

/// Wider lines are hard to read.
const MAX_COLUMNS: u16 = 72;
/// Where values begin behind their labels.
const LABEL: usize = 13;
/// Lower terminals do without empty lines.
const LOW: u16 = 16;
/// Lines that a page scrolls at once keep so many in sight.
const AROUND: usize = 2;

/// What a screen shows.
pub(crate) struct Page {
    title: &'static str,
    /// Whether the server can be reached, in words.
    pub(super) status: &'static str,
    lines: Vec<Row>,
    /// The line that has to be in sight.
    focus: usize,
    hints: Vec<(&'static str, &'static str)>,
}

struct Row {
    style: Style,
    text: String,
    indent: usize,
}

impl Page {
    pub(super) const fn new(title: &'static str) -> Self {
        Self { title, status: "", lines: Vec::new(), focus: 0, hints: Vec::new() }
    }

    fn push(&mut self, style: Style, text: impl Into<String>, indent: usize) {
        self.lines.push(Row { style, text: text.into(), indent });
    }

    /// Our own words.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.push(Style::new(), text, 0);
    }

    /// What matters most on the page.
    pub(super) fn strong(&mut self, text: impl Into<String>) {
        self.push(Style::new().add_modifier(Modifier::BOLD), text, 0);
    }

    pub(super) fn faint(&mut self, text: impl Into<String>) {
        self.push(Style::new().add_modifier(Modifier::DIM), text, 0);
    }

    pub(super) fn good(&mut self, text: &str) {
        self.blank();
        self.focus = self.lines.len();
        self.push(Style::new().fg(Color::Green), format!("✓ {text}"), 2);
    }

    pub(super) fn bad(&mut self, text: &str) {
        self.blank();
        self.focus = self.lines.len();
        self.push(Style::new().fg(Color::Red).add_modifier(Modifier::BOLD), format!("! {text}"), 2);
    }

    pub(super) fn blank(&mut self) {
        self.push(Style::new(), "", 0);
    }

    /// A value that somebody else wrote, behind its label.
    pub(super) fn field(&mut self, label: &str, value: &str) {
        self.push(Style::new(), format!("{label:<LABEL$}{}", safe(value)), LABEL);
    }

    /// One of several, of which one is chosen. The name is somebody else's.
    pub(super) fn item(&mut self, chosen: bool, name: &str) {
        let style = if chosen { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() };
        if chosen {
            self.focus = self.lines.len();
        }
        self.push(style, format!("{} {}", if chosen { '▶' } else { ' ' }, safe(name)), 2);
    }

    /// A line that is being typed.
    pub(super) fn entry(&mut self, shown: &str) {
        self.focus = self.lines.len();
        self.push(Style::new().add_modifier(Modifier::BOLD), format!("  {shown}▁"), 2);
    }

    /// The line that comes next has to be in sight.
    pub(super) fn look_here(&mut self) {
        self.focus = self.lines.len();
    }

    /// What a key does.
    pub(super) fn hint(&mut self, key: &'static str, does: &'static str) {
        self.hints.push((key, does));
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>, scroll: &Cell<usize>) {
        let area = frame.area();
        self.draw_title(frame, Rect { height: area.height.min(1), ..area });
        let columns = area.width.saturating_sub(2).min(MAX_COLUMNS);
        let hints = self.hint_lines(columns.into());
        let hint_rows = u16::try_from(hints.len()).unwrap_or(u16::MAX).min(area.height.saturating_sub(1));
        let gap = u16::from(area.height >= LOW);
        let body = Rect {
            x: area.x + 1.min(area.width),
            y: area.y + (1 + gap).min(area.height),
            width: columns,
            height: area.height.saturating_sub(1 + 2 * gap + hint_rows),
        };
        self.draw_body(frame, body, scroll);
        let bottom = Rect { y: area.bottom() - hint_rows, height: hint_rows, ..body };
        draw_lines(frame, bottom, hints);
    }

    fn draw_title(&self, frame: &mut Frame<'_>, area: Rect) {
        let columns = usize::from(area.width);
        let gap = columns.saturating_sub(width(self.title) + width(self.status) + 2);
        let title = if gap > 0 || self.status.is_empty() {
            format!(" {}{}{} ", self.title, " ".repeat(gap), self.status)
        } else {
            format!(" {} ", self.title)
        };
        let style = Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD);
        draw_lines(frame, area, vec![Line::styled(title, style)]);
    }

    fn draw_body(&self, frame: &mut Frame<'_>, area: Rect, scroll: &Cell<usize>) {
        let (lines, focus) = self.wrapped(area.width.into(), frame.area().height < LOW);
        let rows = usize::from(area.height);
        let hidden = lines.len().saturating_sub(rows);
        scroll.set(scroll.get().min(hidden));
        let skip = (focus + AROUND + 1).saturating_sub(rows).min(hidden).max(scroll.get());
        let mut lines: Vec<Line<'static>> = lines.into_iter().skip(skip).take(rows).collect();
        let faint = Style::new().add_modifier(Modifier::DIM);
        if skip > 0
            && let Some(first) = lines.first_mut()
        {
            *first = Line::styled("  ▲ more above", faint);
        }
        if skip < hidden
            && let Some(last) = lines.last_mut()
        {
            *last = Line::styled("  ▼ more below: press ↓", faint);
        }
        draw_lines(frame, area, lines);
    }

    /// The lines as they fit, and which of them has to be in sight.
    fn wrapped(&self, columns: usize, low: bool) -> (Vec<Line<'static>>, usize) {
        let (mut lines, mut focus) = (Vec::new(), 0);
        for (at, line) in self.lines.iter().enumerate() {
            if !low || !line.text.is_empty() {
                let wrapped = wrap(&line.text, columns, line.indent);
                lines.extend(wrapped.into_iter().map(|text| Line::styled(text, line.style)));
            }
            if at == self.focus {
                focus = lines.len().saturating_sub(1);
            }
        }
        (lines, focus)
    }

    fn hint_lines(&self, columns: usize) -> Vec<Line<'static>> {
        let mut lines: Vec<(usize, Vec<Span<'static>>)> = Vec::new();
        for (key, does) in &self.hints {
            let takes = width(key) + 1 + width(does);
            let key = Span::styled(*key, Style::new().add_modifier(Modifier::BOLD));
            let does = Span::styled(format!(" {does}"), Style::new().add_modifier(Modifier::DIM));
            match lines.last_mut() {
                Some((used, spans)) if *used + 3 + takes <= columns => {
                    *used += 3 + takes;
                    spans.extend([Span::raw("   "), key, does]);
                }
                _ => lines.push((takes, vec![key, does])),
            }
        }
        lines.into_iter().map(|(_, spans)| Line::from(spans)).collect()
    }
}

fn draw_lines(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'static>>) {
    for (line, y) in lines.into_iter().zip(area.y..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}
