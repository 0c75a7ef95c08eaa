package message

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// TestForwards reads what clients write above a message that they forward within the text, in the languages that they
// speak. Each head names the same author, date and subject; {} stands for them.
func TestForwards(t *testing.T) {
	for _, c := range []struct{ name, subject, head string }{
		{"gmail en", "Fwd: Offer", "---------- Forwarded message ---------\nFrom: {}\nDate: {}\nSubject: {}\nTo: <b@two.example>\n\n"},
		{"gmail fr", "Fwd: Offre", "---------- Forwarded message ---------\nDe : {}\nDate: {}\nSubject: {}\nTo: <b@two.example>\n\n"},
		{"gmail ja", "Fwd: x", "---------- Forwarded message ---------\n差出人： {}\nDate: {}\nSubject: {}\nTo: <b@two.example>\n\n"},
		{"gmail quoted", "Fwd: x", "> ---------- Forwarded message ---------\n> From: *{}*\n> Date: {}\n> Subject: {}\n> To: b@two.example\n>\n"},
		{"thunderbird en", "Fwd: x", "\n-------- Forwarded Message --------\nSubject: \t{s}\nDate: \t{d}\nFrom: \t{f}\nTo: \tb@two.example\n\n"},
		{"thunderbird de", "x", "-------- Weitergeleitete Nachricht --------\nBetreff: \t{s}\nDatum: \t{d}\nVon: \t{f}\nAn: \tb@two.example\n\n"},
		{"thunderbird it", "x", "-------- Messaggio Inoltrato --------\nOggetto: \t{s}\nData: \t{d}\nMittente: \t{f}\nA: \tb@two.example\n\n"},
		{"thunderbird es", "x", "-------- Mensaje reenviado --------\nAsunto: \t{s}\nFecha: \t{d}\nDe: \t{f}\nPara: \tb@two.example\n\n"},
		{"apple en", "x", "Begin forwarded message:\n\nFrom: {}\nSubject: {s}\nDate: {d}\nTo: b@two.example\n\n"},
		{"apple de", "x", "Anfang der weitergeleiteten Nachricht:\n\nVon: {}\nBetreff: {s}\nDatum: {d}\nAn: b@two.example\n\n"},
		{"apple fr", "x", "Début du message réexpédié :\n\nDe: {}\nObjet: {s}\nDate: {d}\nÀ: b@two.example\n\n"},
		{"apple pl", "x", "Początek przekazywanej wiadomości:\n\nOd: {}\nTemat: {s}\nData: {d}\nDo: b@two.example\n\n"},
		{"apple ru", "x", "Начало переадресованного сообщения:\n\nОт: {}\nТема: {s}\nДата: {d}\nКому: b@two.example\n\n"},
		{"apple ko", "x", "전달된 메시지:\n\n보낸 사람: {}\n제목: {s}\n날짜: {d}\n받는 사람: b@two.example\n\n"},
		{"apple zh", "x", "以下是转发的邮件：\n\n发件人： {}\n主题： {s}\n日期： {d}\n收件人： b@two.example\n\n"},
		{"outlook en", "FW: Offer", "Please check.\n\nFrom: {}\nSent: {d}\nTo: Bert <b@two.example>\nSubject: {s}\n\n"},
		{"outlook de", "WG: Angebot", "Von: {}\nGesendet: {d}\nAn: Bert <b@two.example>\nCc: c@two.example\nBetreff: {s}\nWichtigkeit: Hoch\n\n"},
		{"outlook fr", "TR: Offre", "De : {}\nEnvoyé : {d}\nÀ : b@two.example\nObjet : {s}\n\n"},
		{"outlook es", "RV: Oferta", "De: {}\nEnviado el: {d}\nPara: b@two.example\nAsunto: {s}\n\n"},
		{"outlook pt", "ENC: Oferta", "De: {}\nEnviada em: {d}\nPara: b@two.example\nAssunto: {s}\n\n"},
		{"outlook it", "I: Offerta", "Da: {}\nInviato: {d}\nA: b@two.example\nOggetto: {s}\n\n"},
		{"outlook nl", "FW: Offerte", "Van: {}\nVerzonden: {d}\nAan: b@two.example\nOnderwerp: {s}\n\n"},
		{"outlook sv", "VB: Offert", "Från: {}\nSkickat: {d}\nTill: b@two.example\nÄmne: {s}\n\n"},
		{"outlook da", "VS: Tilbud", "Fra: {}\nSendt: {d}\nTil: b@two.example\nEmne: {s}\n\n"},
		{"outlook fi", "VL: Tarjous", "Lähettäjä: {}\nLähetetty: {d}\nVastaanottaja: b@two.example\nAihe: {s}\n\n"},
		{"outlook pl", "PD: Oferta", "From: {}\nWysłano: {d}\nDo: b@two.example\nTemat: {s}\n\n"},
		{"outlook cs", "FW: Nabídka", "Od: {}\nOdesláno: {d}\nKomu: b@two.example\nPředmět: {s}\n\n"},
		{"outlook hu", "Továbbítás: Ajánlat", "Feladó: {}\nElküldve: {d}\nCímzett: b@two.example\nTárgy: {s}\n\n"},
		{"outlook ro", "FW: Oferta", "De la: {}\nTrimis: {d}\nCătre: b@two.example\nSubiect: {s}\n\n"},
		{"outlook el", "ΠΡΘ: x", "Από: {}\nΣτάλθηκε: {d}\nΠρος: b@two.example\nΘέμα: {s}\n\n"},
		{"outlook uk", "ПД: x", "Від: {}\nНадіслано: {d}\nКому: b@two.example\nТема: {s}\n\n"},
		{"outlook tr", "İLT: x", "Kimden: {}\nGönderildi: {d}\nKime: b@two.example\nKonu: {s}\n\n"},
		{"outlook zh-cn", "转发：x", "发件人: {}\n发送时间: {d}\n收件人: b@two.example\n主题: {s}\n\n"},
		{"outlook zh-tw", "轉寄: x", "寄件者: {}\n寄件日期: {d}\n收件者: b@two.example\n主旨: {s}\n\n"},
		{"outlook ja", "転送: x", "差出人: {}\n送信日時: {d}\n宛先: b@two.example\n件名: {s}\n\n"},
		{"outlook ar", "إعادة توجيه: x", "من: {}\nتاريخ الإرسال: {d}\nإلى: b@two.example\nالموضوع: {s}\n\n"},
		{"outlook he", "הועבר: x", "מאת: {}\nנשלח: {d}\nאל: b@two.example\nנושא: {s}\n\n"},
		{"yandex", "Fwd: x", "-------- Пересылаемое сообщение --------\n{d}, Lin Chen <lin@maker.example>:\n\nОт: {}\nДата: {d}\nТема: {s}\nКому: b@two.example\n\n"},
		{"notes", "Fw: x", "----- Forwarded by Bert on 25.11.2020 -----\n\nFrom: {}\nTo: b@two.example\nDate: {d}\nSubject: {s}\n\n"},
		{"vietnamese", "x", "---------- Thư chuyển tiếp ----------\nTừ: {}\nNgày: {d}\nTiêu đề: {s}\nĐến: b@two.example\n\n"},
	} {
		text := c.head
		const from, date, subject = "Lin Chen <lin@maker.example>", "Wed, 25 Nov 2020 04:00:00 +0100", "Cold boxes"
		for _, v := range []string{from, date, subject} { // the first three bare {} are in this order
			text = strings.Replace(text, "{}", v, 1)
		}
		text = strings.NewReplacer("{f}", from, "{d}", date, "{s}", subject).Replace(text) + "Please find the offer at https://gate.example/x\nLin\n"
		for _, html := range []bool{false, true} {
			media, body := "text/plain", text
			if html {
				media = "text/html"
				body = "<html><body><div>" + strings.NewReplacer("<", "&lt;", ">", "&gt;", "\n", "<br>\n").Replace(text) + "</div></body></html>"
			}
			raw := fmt.Sprintf("From: Bert <b@two.example>\r\nTo: report@two.example\r\nSubject: =?utf-8?b?%s?=\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n",
				base64.StdEncoding.EncodeToString([]byte(c.subject)), media, base64.StdEncoding.EncodeToString([]byte(body)))
			m := Parse([]byte(raw), Limits{})
			if len(m.Inner) != 1 || m.Inner[0].Via != "inline-forward" {
				t.Errorf("%s, %s: %d messages inside", c.name, media, len(m.Inner))
				continue
			}
			in := Parse(m.Inner[0].Raw, Limits{})
			list, _ := AddressList(in.Get("From"))
			if len(list) != 1 || list[0].Address != "lin@maker.example" || list[0].Name != "Lin Chen" || in.Get("Subject") != subject || in.Get("Date") != date {
				t.Errorf("%s, %s: from %v, subject %q, date %q", c.name, media, list, in.Get("Subject"), in.Get("Date"))
			}
			if text := in.Parts[0].Text; !strings.Contains(text, "gate.example/x") || strings.Contains(text, "lin@maker.example") {
				t.Errorf("%s, %s: body %q", c.name, media, text)
			}
		}
	}
	for _, text := range []string{ // an answer quotes in the same form
		"Thanks!\n\nFrom: Lin <lin@maker.example>\nSent: Wednesday\nTo: b@two.example\nSubject: Offer\n\nHello\n",
		"-----Original Message-----\nFrom: Lin <lin@maker.example>\nSent: Wednesday\nTo: b@two.example\nSubject: Offer\n\nHello\n",
		"Am 25.11.2020 schrieb Lin Chen:\n> Von: x\n> Hallo\n",
	} {
		if m := Parse([]byte("From: b@two.example\r\nSubject: Re: Offer\r\n\r\n"+text), Limits{}); len(m.Inner) != 0 {
			t.Errorf("%.40q is no forward", text)
		}
	}
}
