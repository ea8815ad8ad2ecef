"""The colour tables themselves: matplotlib's, all 256 colours of each, to the last level.

magma_r is magma from its light end: for light pages and for paper.

Frozen here so that no picture waits for matplotlib; a test compares every table with it.
"""

from base64 import b85decode

_TABLES = {  # '256 3' uint8, in base 85
    "magma": (
        "0009300aO41_1yE0RagC0Sf{G4FUoW0|OBR0}})U6$Jzr1_c=h1sezk9SH{?3I`$!2qX*%CJhQG4hkv{3oH-"
        "}FA)qe5)CsH4K)=GI2H~%7Y{rb4?h|ZK^qW691unx5J?{qOCS+VA`ws{5mF@)RVEQvC=ppI5nL+~UM&z{FA!od5M"
        "?qDXEYFKH4kbx4{SLPZaWWeJP&a`4{|^cb3zYvLl1RD4|YcncSsO;N)UNV5P3}zdQTC1P!fAm5`0q=d{q;DR}_6%"
        "6@FS3ep?oPT^D{{7k^+Fe_<GZV;O&C8h~aRfM^?lX&iuS9Dr;cfNmavZytehAAxfpfpj2&b|HaxA%S@!fqEi=d?S"
        "H=B!Pb<fq^A~f+c~3CV_<}frlr7i70`JD1nSAfQ>1Dk1BwXDu9wJfRrnMl`MdlEPt6Tf0`|SoGyQ!E`FacexWaZq"
        "cDD?Fny*meWx*fsWN=4GkmNwd#*HlurzzIHF~o(dbKurwl;aVH+Z=>c)K`vy*YQjId;H0b;3Gz!#i}vJaoo9bI3h"
        "%%06<-K5@-IaLzz*&_Qp}LT=MSZPY_;)<kUAMQhncYT8F>+(>ENNod|mXW&a_;Y?=YO=aXxWaUs}=22qjQex;-"
        "Vd_<2>sDawSYPc~U+!C8?p<B)US05DUGZUD@?%`{WnA-TTl8pK^=e!7Y+LqjTlR2U_i<bIb6og!T=;if`FULVdtL"
        "c`UHX4s`hZ^gf?xZDVEcw(`-oxtiemhXWBiU|{E%e)l4bmpX8o0C{g-I{nQ8r-YW<yS{hw_8p>F-6Z~dfj{-"
        "$yMsB`|RbpEV${;qcZuXz5kdH%C|{<VDmw|)M(fBw6G{=9<zzJvb2h5o{Z{=|s>#)<yNi~h-t{>zU2&5-"
        "@ilKs(>{nC~F)R+C%nElwA{o0)U+@1a1pZ(vV{o$kh<E8xNru^op{OGFu>a6_iuKez>{P3~-"
        "@w5E%wfyzB`}eu~`Mdl2z5D#X"
    ),
    "cividis": (
        "03uBQBToP$Pyi%S03}oaCRG3?R{$qj04Q4kC|m$3UH~d!04ibtD`WsHW&kW_04-"
        "?%E^7cUZ2&KC05EU>FmM1dZ~!rI1Tt_4GjIzta1JzZ5jAfVHg6U-"
        "Zx}ak8aQtpIBp#|ZXY^sAv<m&J8mRAZY4c!Cp~Q_K5Z&LZ7V-"
        "*EI@58L2NHVY%oG>F+*%JL~JxfY&At}Hb!hWMr=4oY&l45I!J3fNozeyYd%YBKTB&sOlv_+YeG$HLr!Z%PisX_Ye"
        "rCOM^S4?QEN$3Yf4jVOH^!3RBTOEY))2ePF8GBS8PyNY*AQjQdw+MT5MEWY*kxrR$OgYU2RxhZCPGzSzm2hUu|1p"
        "Zd_q*U14rsVs2k!ZeV0?VPtP%Wp83;Z)0X}WM^+>XmDm}aA#?7Xlih1YjJ67acXRFYi)6CZE|gHa&B*OZg6vNaC2"
        "~Rb8&KWa&vTZb98icb#!%gb#--"
        "ic6N7nc6fMpd3bkud3SnxcYAwxe0z9(e0Y9+cz=C(fPQ#^e|Um`c!Pj=gn@X4f_R04c!q;`hlF^Dg?NdEc#4L2i-"
        "&lOh<J^Oc#es9kBWDYi+7QXcan^ElZ|(jj(3%hcb1QLmymXtk#?DqcAArRo0E2&ly;q!b)J@WpO$r?mvy0-"
        "bfTGbqndQ2nslX`bEcegr=4@Co^z?5a;l$ltDthMp>eIEajv3qucL6Vq;RpNaI&Uvv!-"
        "vfr*E~WZnmjzx2kQpt8KZfZMv*%yRB@zu4}!oYre2*zp!e-"
        "v1!7xX~VN<#I$I|wP(h)XUDc?$hT$5xMj+@WXrl_%)4XFykgG0V$Z!{(7s^OzhKkAU(~@~)xuuZ!(G?IT-"
        "d~0*~MDg##-CQS=`82-"
        "pN<r%2wdZRpHE3;>=Uy%~IsfQRUB2=Fm^*(N5{oP3qH3>(oo^)k^KwNbc81@7PB1*+lZ%L-"
        "X1~^xHu7+&}i+J^0=``QJMF;5hr?HvQr>{o^zJ<uv`~HvQ)}"
    ),
    "viridis": (
        "L;+Mp0#!r<S49O_MFv_$2wO%8Tt*9CMhss@4q-<RVn-2UM-pX66lO;iXGa!kM;K~I8EZ%yY)Bk#NF8rT9&kt?aY!"
        "L@NFsAcBXmb4bw?(4M<;hjD0oLIc}FXHM=X0rEqq2Vd`2*RMlpUxGJi!he?>KbMK*y%H-"
        "SVsf<rokLpy^*JcL3$ghD=rLO_K<L54v>hCoAyKtzW>MTb8}h(1V&K1qo^N{Ky7i9Jk-JWYx`PKrBFiaSw?I#P=|"
        "Q;RuNi#b(`I97`|SBy7Uj5k?~Hd>4}TZ}baj5S@1G+vD~UyU<hjWc15GGdJ~V~sInjWK17F=mZ0XN@pujW219FKU"
        "f0YmP2#jxKGEEpCo2Z;mW*jx2GGEOL%3bB-%?jw*GIDt3-4caAA|jwyMLD0+@4dX6Z2jwgJMCw-"
        "15evT%8jwXPPCV`G6f{rDFjU<GPB!!J6hK(bKjU$MSBZ-"
        "Y7iH#zPjUtPUA&iY7jf^3Vj3AGUAdrk8k&GXbj31MWAC!w9m5U#iiyoJX9+-+AnTj5niXNJY9-"
        "E0CoQWQth#sDZ9-oLFpobr!haaMbAESmKq=g`*g(0SeA*X~Qr-UP@gCnVeB&vcXtAQr0fhVniD6W4guYW4Aek-wk"
        "EU|qqvV1SIdoZ+mGPQa$ws|$Tcs96qIJtH?xpq6cbv?UuKD={4y>ddnaYVjwMZa%Hz-~#wZA-"
        "#zO~PwW!)Z~(Xj8>!RmNsl#${Q@WLwB$Uddr#$zWp2Uu4T&XUtq_%v)>CS#8c(aL!h8&sB8LRCmx)dC^gP(ocTUP"
        "Jz=*gVRff)JcfdM~l@)jn+hv)<crlL6z4(m)Jg<*gT!tI-l7%qS`m5+BK)!GpgG%t=urL+%B@+EVbP$x7{ha-"
        "Y31@Ccob#!rvmr-"
        "yz4~AIjh!&EOr+;T+Q88`R+%*Wwx4;uzfG7~kU<;o}(O;~3}U8R_I1?Bp8m<s0$k9P{NK_U0e><{|p#BK_wi"
    ),
    "RdBu_r": (
        "1u$U-"
        "GGhlcW(YQE2{>#DI&TX+atuCo4M2DfLwgTJei2835=n#;ONSIqiWN_d7EzEFRFfE1l^Ix=8d{qiT%H|Xp&nqQA7Z"
        "B<WU3)%tRrZxBx<fDY_BJ6uqbb^DRHqYbFwUTvn_VCFL<>udbTlqw=;dXG=I4@fw?z>x;TWpIflGDh`l_DzCDY-K"
        "aIdZkHJBa!b6k8MwG-!mc>k%#!s5ZQk=+Dp2=9C%3Gq#UZl)nrp;xj&S<L7Ypl?2uF-"
        "L@(sZ)ZceK@dw$^>P*MPd%guK~@zS@ew+l|89ki^}S#om?1-"
        "<ZhXn#tgu%Hf~O;iAprq|W1~&*Z7l<g3!<uG8kQ)aJ9*=e5`9xY+2r+3CI7>c8CU!rkk{-"
        "t5QU?aATo%;N6O<L}Ys@Y3b*)8_Ei=kV6&@!06`+3E4y>G9m^^4{z6-"
        "|X_??DOL7^W^UH<?i$6@AT;K^y=~S>+$sM^7ZcX_3-"
        "oc@$~ld_4f4j_V)Jn_xASp_4N1j^7r%b`10=f@a*{S>iF*H`R(WV?B)6E<N500`RU*K=-"
        "v9~+xq3%`sCO9<JSA))cfJm`{2<0-"
        "_HEr%>3QT{M^X>+sFLa#QfI5`_#Vs(!Bf7x%$qw`pmTY%CY&!uKC5Q`NOIB!KV1Xqxij{_q(3=xtsU5nfA1n_Og@"
        "pu#okxj`ggI^s0#TsD|{WgY%<+@}Pe4o_z0{dhVEb?Ur`zlXUBla_Ww7=!<UWh-~JCYUP7y<bY-3ePiK!Vc>XQ-"
        "*sKya$DVSS=((_+G<tVXj9l_QP*Nm)?iK4T}#tiO3_zI&{RjxQAW*AMa)b?%1J`WMnT6zKgK{l#Xda4J3GQSI>0q"
        "JzcM$zFgCm`G`lJ@xhFEXBr&!jFSQ>ov>Yw687r_CDy<eOsud}x6e*+=D4`N4o)IUT5GR=sCzcN;lMW`34JC~XC5"
        "j6qhYBQw2_u0BBYp=Wdj=wS1tE0=A#wvCZvr4}0Uv1qA7=m`"
    ),
    "berlin": (
        "p0EC#ul<>?{Fkr$m9F}duKAFz_>Qjki>>yFt@Vek^n|VQf~@g>tnhuT?|ZB6c&qJps_S#A>T#**ZmH*NsOD*?<Y%YjWTxR_r"
        "r=+t-d&{JTBF)nqS;lU*HfU?QJ>RJp3zL4&PtoiNSVq;n8-wy#X^<CK$E~fk-j~UyF8A$I*hhCinKS0u{MXVHHEA+gQ_!ur!"
        "s$~F@2*je4sCSo-TNsE_RtMbe1e~lq+zNDsGP|ZH*~wiYRG_CufBxWrHSTfhA&oC189cUV0;3cOzPLB3W}GS8yOzZXi=^A5m"
        "!@P-h-aWgSdo9ZFyvNnRUATpLAN8bntaLRA?+Qy4x`7d=lGJ4_ZiN)|Xs6*fi{HAECMLKHDT6EHp#E<6$~IT9;35-K$jC^Hc"
        "!F%cy%5F{=TA}kOgDi9wi5FREF9V8GOA`luO5E&m37#$E791s>75EU5_6c-T_77-E^5)l&;5E2s)5EKp%6%Gy-4Gb3y3m6Ov"
        "84Cy+3kMqu1{@0o9SZ~=3j`kv10V|mAqxT`3j!ky0VE6oCJX^54FD(&04WUsDh&WE4gf6<04@#yFAe}P4gfL_05cB&H4gwb4"
        "*)n2067o<IuHOn5db|A06!4`KoS5#5&%OJ0Ywu5Mic=^6ah&U0ZSDEOcnx876MQg15y|RQyBzR83k7w1z8&gTO0>n9SC0@31"
        "J`$V<8M>A`NFF4rwJ1YbFtHC=zff6mlySbS)QlE*N<*8hbJveKQ_^H6VdEA%i(1g*zpPJSU1iDU3iXjzTVwL@<&?GL%O&mPt"
        "04OE{WMI-E~Do>4!bQbD3rL!?$krC3L&T1u&0Osif_tzb~EVN<bVRkLMRwP#tkX<WH$Ub}5zy>DZ`ab?1DXT)`C#&>MUcy7v"
        "iam;*k&VF^!fOyh^denq`)`oxBh=JOQgWQaU-;Rjkkc;DzjpdY&=a!P`n3U_9m+hRH@1C6Up`P@kq4uSt_@|}%si^#`s{XC5"
    ),
}


def table(name: str) -> bytes:
    """The 256 colours of a palette, red, green and blue of each: 768 bytes. Raises KeyError."""
    if name == "magma_r":
        return _backwards(table("magma"))
    return b85decode(_TABLES[name])


def _backwards(colours: bytes) -> bytes:
    return b"".join(colours[at : at + 3] for at in range(len(colours) - 3, -1, -3))
